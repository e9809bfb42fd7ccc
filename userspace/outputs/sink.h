// Where an output's text goes. Outputs open nothing: the caller owns the file or the terminal.
#pragma once

#include <string>
#include <string_view>

namespace tcpwitness {

class Sink {
public:
    virtual ~Sink() = default;
    virtual void append(std::string_view text) = 0;
    /// False once nobody can read any more (a closed pipe, a full disk): an output may stop early then.
    virtual bool good() const { return true; }
};

/// Keeps everything in memory.
class StringSink : public Sink {
public:
    void append(std::string_view text) override { text_ += text; }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

}  // namespace tcpwitness
