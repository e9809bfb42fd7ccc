#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "evidence-gap";

constexpr Proof proofs[] = {{"the recorder counted its losses, or its recording says where it begins and ends", 0}};

/// Something was under way when the recording broke off: what came of it is not known.
const Connection* cut_in_trouble(const Story& story, RecordingId recording) {
    const std::uint32_t waiting = sign::syn_retransmit | sign::syn_ack_retransmit | sign::retransmit;
    for (const Connection& c : story.with(waiting)) {
        if (&story.recording_of(c.witness) != &story.recordings[recording]) continue;
        const bool unanswered = !c.has(sign::established) && c.has(sign::syn_retransmit | sign::syn_ack_retransmit);
        const bool resending = c.live() && !c.events.empty() && c.events.back().as<Retransmit>();
        if (c.live() && c.has(waiting) && (unanswered || resending)) return &c;
    }
    return nullptr;
}

void find_lost(const Story& story, RecordingId recording, std::vector<Finding>& found) {
    std::uint64_t lost = 0;
    std::map<std::string, std::uint64_t> by_probe;
    Finding f;
    f.rule = id;
    f.culprit = Culprit::unknown;
    f.harm = Harm::none;
    prove(f, proofs[0]);
    for (const Event& event : story.gaps) {
        const Gap& gap = *event.as<Gap>();
        if (gap.lost == 0 || gap.recording != recording) continue;
        f.first_ns = lost == 0 ? gap.from_ns : std::min(f.first_ns, gap.from_ns);
        f.last_ns = std::max(f.last_ns, gap.to_ns);
        lost += gap.lost;
        by_probe[gap.probe] += gap.lost;
        cite(f, &event);
    }
    if (!lost) return;
    const std::string host = printable(story.recordings[recording].host);
    f.headline = fmt::format("{} of {} lost within {}: what leans on silence in that time is not proven", count_text(lost, "record", "records"),
                             host.empty() ? "this trace" : host, since(f.first_ns, f.last_ns));
    for (const auto& [probe, count] : by_probe) f.reasons.push_back(fmt::format("{}: {}", printable(probe), count_text(count, "record lost", "records lost")));
    f.fold_key = fmt::format("{}/{}", recording, host);
    found.push_back(std::move(f));
}

void find_cut(const Story& story, RecordingId recording, std::vector<Finding>& found) {
    const Recording& one = story.recordings[recording];
    if (!one.cut_off) return;
    const Connection* c = cut_in_trouble(story, recording);
    if (!c) return;
    const std::string host = printable(one.host);
    Finding cut = about(id, Culprit::unknown, Certainty::likely, *c, one.end_ns);
    cut.harm = Harm::none;
    prove(cut, proofs[0]);
    cut.connections.clear();
    cut.headline = fmt::format("the recording{} broke off while {} was waiting for {}: how that ended is not known", host.empty() ? "" : " of " + host, who(*c),
                               c->flow.peer.text());
    if (!one.cut_note.empty()) cut.reasons.push_back(printable(one.cut_note));
    cite(cut, &c->events.back());
    cut.fold_key = fmt::format("{}/{}/cut", recording, host);
    found.push_back(std::move(cut));
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    for (RecordingId id = 0; id < story.recordings.size(); ++id) {
        find_lost(story, id, found);
        find_cut(story, id, found);
    }
    return found;
}

}  // namespace

const Rule evidence_gap = {
    id, "records were lost, or the recording does not cover the time",
    "Events came faster than they could be taken away, or the recorder was killed. In that time something may have happened that this trace does not hold.",
    "The loss counters, written into the trace with their time range; states of a socket that do not follow each other, and sockets that are gone without their last state: there records are missing that nobody counted; and a trace without its closing record in which something was still under way.",
    "Not a fault of the network or of an application. Findings that rest on events seen stay as they are; only those that rest on the absence of an event are lowered from proven to likely.",
    "Record with a larger --buffer, or with a filter (--port, --host, --pid) so that less has to be kept.",
    find,
    proofs,
};

}  // namespace tcpwitness
