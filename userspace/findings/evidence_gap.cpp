#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "evidence-gap";

/// Something was under way when the recording broke off: what came of it is not known.
const Connection* cut_in_trouble(const Story& story) {
    const std::uint32_t waiting = sign::syn_retransmit | sign::syn_ack_retransmit | sign::retransmit;
    for (const Connection& c : story.connections) {
        const bool unanswered = !c.has(sign::established) && c.has(sign::syn_retransmit | sign::syn_ack_retransmit);
        const bool resending = c.live() && !c.events.empty() && c.events.back().as<Retransmit>();
        if (c.live() && c.has(waiting) && (unanswered || resending)) return &c;
    }
    return nullptr;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    std::uint64_t lost = 0;
    std::map<std::string, std::uint64_t> by_probe;
    Finding f;
    f.rule = id;
    f.culprit = Culprit::unknown;
    f.certainty = Certainty::proven;
    for (const Event& event : story.gaps) {
        const Gap& gap = *event.as<Gap>();
        if (gap.lost == 0) continue;
        f.first_ns = lost == 0 ? gap.from_ns : std::min(f.first_ns, gap.from_ns);
        f.last_ns = std::max(f.last_ns, gap.to_ns);
        lost += gap.lost;
        by_probe[gap.probe] += gap.lost;
        cite(f, &event);
    }
    const std::string host = printable(story.info.host);
    if (lost) {
        f.headline = fmt::format("{} of {} lost within {}: what leans on silence in that time is not proven", count_text(lost, "record", "records"),
                                 host.empty() ? "this trace" : host, since(f.first_ns, f.last_ns));
        for (const auto& [probe, count] : by_probe) f.reasons.push_back(fmt::format("{}: {}", printable(probe), count_text(count, "record lost", "records lost")));
        f.fold_key = host;
        found.push_back(f);
    }
    if (story.info.cut_off) {
        if (const Connection* c = cut_in_trouble(story)) {
            Finding cut = about(id, Culprit::unknown, Certainty::proven, *c, story.end_ns);
            cut.connections.clear();
            cut.headline = fmt::format("the recording{} broke off while {} was waiting for {}: how that ended is not known", host.empty() ? "" : " of " + host, who(*c),
                                       c->flow.peer.text());
            if (!story.info.cut_note.empty()) cut.reasons.push_back(printable(story.info.cut_note));
            cite(cut, &c->events.back());
            cut.fold_key = host + "/cut";
            found.push_back(std::move(cut));
        }
    }
    return found;
}

}  // namespace

const Rule evidence_gap = {
    id, "records were lost, or the recording does not cover the time",
    "Events came faster than they could be taken away, or the recorder was killed. In that time something may have happened that this trace does not hold.",
    "The loss counters, written into the trace with their time range, and a trace without its closing record in which something was still under way.",
    "Not a fault of the network or of an application. Findings that rest on events seen stay as they are; only those that rest on the absence of an event are lowered from proven to likely.",
    "Record with a larger --buffer, or with a filter (--port, --host, --pid) so that less has to be kept.",
    find,
};

}  // namespace tcpwitness
