#pragma once

#include <functional>
#include <utility>

#include "live/sink.h"
#include "parsers/trace_encoder.h"

namespace tcpwitness {

/// Encodes what the collector brings as a trace. Bytes gather until there is a block worth writing or some time has passed.
class TraceSink : public RecordSink {
public:
    using Write = std::function<Status(std::string_view)>;
    TraceSink(const Metadata& metadata, std::uint64_t boot_to_wall_ns, Write write)
        : encoder_(metadata, boot_to_wall_ns), write_(std::move(write)) {}

    bool record(const tw_head&, const void* data, std::size_t size) override {
        encoder_.record(data, size);
        return true;
    }
    void meta(std::uint64_t boot_ns, std::string_view key, std::string_view value) override { encoder_.meta(boot_ns, key, value); }
    void gap(std::uint64_t boot_ns, const tw_gap& gap, std::uint16_t cpu) override { encoder_.gap(boot_ns, gap, cpu); }

    Status tick(std::uint64_t boot_ns) override {
        constexpr std::size_t worth_writing = 256 * 1024;
        constexpr std::uint64_t longest_wait_ns = 100'000'000;
        if (encoder_.buffer().size() < worth_writing && boot_ns - written_ns_ < longest_wait_ns) return success();
        written_ns_ = boot_ns;
        return flush();
    }

    Status flush() {
        // Without bytes too: a compressing writer holds some back, and while nothing comes it must not keep them from the file.
        Status written = write_(encoder_.buffer());
        encoder_.buffer().clear();
        return written;
    }

private:
    TraceEncoder encoder_;
    Write write_;
    std::uint64_t written_ns_ = 0;
};

}  // namespace tcpwitness
