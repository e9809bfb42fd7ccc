#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace tcpwitness {

/// Writes a trace file as it comes. A name that ends in ".zst" makes it zstd, flushed at least every second and every MiB that is
/// written, so that what a killed recorder leaves behind can be read up to the cut. Ignore SIGPIPE before writing to a pipe.
class TraceWriter {
public:
    /// "-" is stdout. A file that exists is left alone unless `force`; devices and pipes are written to.
    static Result<TraceWriter> open(const std::string& path, bool force);

    TraceWriter(TraceWriter&&) noexcept;
    TraceWriter& operator=(TraceWriter&&) noexcept;
    ~TraceWriter();

    /// Without bytes it only flushes what is due; call it while nothing comes. The first failure is returned, once, with its reason ("no space left"); from then on bytes are dropped and failed() is true.
    Status write(std::string_view bytes);
    Status flush();  ///< everything written so far becomes readable
    Status close();
    void discard();  ///< closes and removes the file: there was nothing to record after all. Pipes and devices stay.

    bool failed() const { return failed_; }
    std::uint64_t bytes_written() const { return written_; }  ///< to the file, compressed

private:
    class Compressor;
    TraceWriter(Fd fd, std::string name, bool borrowed, std::unique_ptr<Compressor> compressor);
    Status put(std::string_view bytes);

    Fd fd_;
    std::string name_;       ///< for messages
    bool borrowed_ = false;  ///< stdout: not ours to close
    bool regular_ = false;   ///< a file of its own, not a pipe or a device
    bool failed_ = false;
    std::uint64_t written_ = 0;
    std::unique_ptr<Compressor> compressor_;
};

}  // namespace tcpwitness
