#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "outputs/sink.h"

namespace tcpwitness {

/// An output's destination: stdout, or a file that appears whole under its name at commit(), or not at all.
class FileSink : public Sink {
public:
    /// "" or "-" is stdout. An existing file is left alone unless `force`.
    static Result<FileSink> open(const std::string& path, bool force);
    FileSink(FileSink&& other) noexcept;
    ~FileSink() override;

    void append(std::string_view text) override;
    bool good() const override { return error_ == 0; }

    /// Writes what is left and gives the file its name. A reader that went away early (a closed pipe) is no error.
    Status commit();

private:
    FileSink(Fd fd, std::string path, std::string temporary) : fd_(std::move(fd)), path_(std::move(path)), temporary_(std::move(temporary)) {}
    Status name_it();
    int number() const;
    void flush();
    Fd fd_;
    std::string path_, temporary_;  ///< both empty for stdout
    bool nameless_ = false;         ///< a file that has no name before commit(): nothing stays when the program is killed
    bool force_ = false;
    std::string buffer_;
    int error_ = 0;
};

}  // namespace tcpwitness
