#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/fd.h"
#include "parsers/byte_source.h"

namespace tcpwitness {

/// A file, a pipe or "-" (stdin).
class FdSource : public ByteSource {
public:
    static Result<std::unique_ptr<FdSource>> open(const std::string& path);
    ~FdSource() override;

    Result<std::size_t> read(void* buffer, std::size_t size) override;
    std::uint64_t size() const { return size_; }    ///< of a regular file, when it was opened; else 0
    std::uint64_t taken() const { return taken_; }  ///< bytes so far

private:
    FdSource(Fd fd, bool borrowed) : fd_(std::move(fd)), borrowed_(borrowed) {}

    Fd fd_;
    bool borrowed_;  ///< stdin: not ours to close
    std::uint64_t taken_ = 0, size_ = 0;
};

}  // namespace tcpwitness
