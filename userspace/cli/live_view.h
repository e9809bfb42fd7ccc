// Records as they come, correlated and judged while they come; prints what the announcer finds worth a line.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/announcer.h"
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

    bool record(const tw_head& head, const void* data, std::size_t size) override;
    void meta(std::uint64_t boot_ns, std::string_view key, std::string_view value) override;
    void gap(std::uint64_t boot_ns, const tw_gap& gap, std::uint16_t cpu) override;
    Status tick(std::uint64_t boot_ns) override;

    /// After the last record: what was still waiting to be judged.
    void finish();

    std::uint64_t findings() const { return announcer_.different(); }
    bool overwhelmed() const { return announcer_.overwhelmed(); }  ///< more findings at once than could be said
    std::uint64_t refused() const { return correlator_.events_refused(); }
    /// Records that could not be decoded: a defect, since this program's own kernel side made them. And what was wrong with the first.
    std::uint64_t unreadable() const { return unreadable_; }
    const std::string& unreadable_why() const { return unreadable_why_; }

private:
    const TraceInfo& learnt(const Metadata&);
    void describe();
    void correlate_until(std::uint64_t boot_ns);
    void print_events(const std::vector<Event>& events, const std::vector<ConnectionId>& owners);
    std::vector<Finding> findings_now();
    void look(std::uint64_t boot_ns);
    void judge(std::uint64_t now_ns);
    void print(std::vector<Finding> findings);
    void forget(std::uint64_t now_ns);
    void give_back(std::size_t gone);

    LiveOptions options_;
    Sink& out_;
    TraceInfo info_;                   ///< what the recording has said about itself; the story's copy follows it
    TraceContext context_{info_};
    Correlator correlator_;
    RecordDecoder decoder_;
    Announcer announcer_;
    std::vector<Event> pending_;       ///< come, but not in time order yet
    std::vector<std::pair<std::uint64_t, std::uint32_t>> order_;  ///< correlate_until()'s: time and place in pending_
    std::uint64_t next_id_ = 1, printed_ns_ = 0, judged_ns_ = 0, forgotten_ns_ = 0;
    std::uint64_t rested_ns_ = 0;      ///< before then, no look: the last one took long
    std::uint64_t forgotten_ = 0;      ///< connections, of those that the correlator has forgotten
    std::size_t most_held_ = 0, compacted_ = 0;  ///< connections, since memory was given back last
    std::uint64_t unreadable_ = 0;
    std::string unreadable_why_;
    bool changed_ = false;
    bool told_more_ = true;            ///< metadata came since describe()
};

}  // namespace tcpwitness
