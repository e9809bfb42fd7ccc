// Records as they come, correlated and judged while they come; prints each new finding once, and repeats of it rarely.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "cli/selection.h"
#include "correlate/correlator.h"
#include "live/sink.h"
#include "outputs/outputs.h"
#include "parsers/record_decoder.h"
#include "parsers/trace_encoder.h"

namespace tcpwitness {

struct LiveOptions {
    OutputOptions output;
    Filter filter;
    bool every_event = false;          ///< -v
    std::size_t max_connections = 100'000;
};

class LiveView : public RecordSink {
public:
    /// Lines go to `out`, which is flushed after every tick that printed something.
    LiveView(const Metadata& metadata, LiveOptions options, Sink& out);

    void record(const tw_head& head, const void* data, std::size_t size) override;
    void meta(std::uint64_t boot_ns, std::string_view key, std::string_view value) override;
    void gap(std::uint64_t boot_ns, const tw_gap& gap, std::uint16_t cpu) override;
    Status tick(std::uint64_t boot_ns) override;

    /// After the last record: what was still waiting to be judged.
    void finish();

    std::uint64_t findings() const { return findings_; }
    std::uint64_t refused() const { return correlator_.events_refused(); }

private:
    void correlate_until(std::uint64_t boot_ns);
    void print_events(const std::vector<Event>& events, const std::vector<ConnectionId>& owners);
    void judge(std::uint64_t settled_ns);
    bool worth_saying(const Finding& finding);

    struct Said {
        std::uint64_t count = 0, at_ns = 0;
        Certainty certainty = Certainty::possible;
    };

    LiveOptions options_;
    Sink& out_;
    Correlator correlator_;
    TraceContext context_;
    RecordDecoder decoder_;
    std::vector<Event> pending_;       ///< come, but not in time order yet
    std::uint64_t next_id_ = 1, judged_ns_ = 0, forgotten_ns_ = 0, findings_ = 0;
    bool changed_ = false;
    std::unordered_map<std::string, Said> said_;
};

}  // namespace tcpwitness
