#include "case/copies.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "parsers/sequence_check.h"

namespace tcpwitness {

namespace {

/// A recorder numbers its records by processor; what is made without a number is told apart by time, kind and what it is about.
using RecordKey = std::tuple<std::uint16_t, std::uint32_t, std::uint64_t, std::size_t, std::uint64_t, std::string>;

std::string subject(const Event& event, const TraceInfo& info) {
    const std::uint32_t netns = event.witness < info.witnesses.size() ? info.witnesses[event.witness].netns : 0;
    if (const Environment* fact = event.as<Environment>()) return fmt::format("{}/{}/{}", netns, fact->topic, fact->name);
    return fmt::format("{}/{}/{}/{}", netns, event.socket_id, event.flow.local.text(), event.flow.peer.text());
}

RecordKey record_key(const Event& event, const TraceInfo& info) {
    if (event.seq) return {event.cpu, event.seq, 0, 0, 0, {}};
    return {event.cpu, 0, event.time_ns, event.body.index(), event.cookie, subject(event, info)};
}

std::set<RecordKey> records_of(const Exhibit& exhibit) {
    std::set<RecordKey> keys;
    for (const Event& event : exhibit.events)
        if (!event.as<Gap>()) keys.insert(record_key(event, exhibit.info));
    return keys;
}

bool one_recording(const TraceInfo& a, const TraceInfo& b) {
    return !a.boot_id.empty() && a.boot_id == b.boot_id && a.started_ns && a.started_ns == b.started_ns;
}

std::string file_text(const Exhibit& exhibit) { return exhibit.info.file.empty() ? "standard input" : printable(exhibit.info.file); }

/// What tells a foreign file's event from any other.
using EventKey = std::tuple<std::uint64_t, std::size_t, Flow, std::uint32_t, std::uint32_t, std::uint8_t>;

EventKey event_key(const Event& event) {
    const Segment* segment = event.as<Segment>();
    return {event.time_ns, event.body.index(), event.flow, segment ? segment->seq : 0, segment ? segment->payload : 0, segment ? segment->flags : std::uint8_t{0}};
}

/// Of a capture the segments that open and close connections: all of them are kept, of the others only some. Of a text, everything.
std::multiset<EventKey> events_of(const Exhibit& exhibit) {
    std::multiset<EventKey> control, all;
    const auto take = [&](const Event& event) {
        const Segment* segment = event.as<Segment>();
        all.insert(event_key(event));
        if (segment && (segment->syn() || segment->syn_ack() || segment->fin() || segment->rst())) control.insert(event_key(event));
    };
    for (const Event& event : exhibit.events) take(event);
    for (const Connection& connection : exhibit.connections)
        for (const Event& event : connection.events) take(event);
    for (const Event& event : exhibit.unmatched) take(event);
    return exhibit.capture() && !control.empty() ? control : all;
}

void note_copy(Exhibit& kept, Exhibit& gone, const std::string& said) {
    kept.info.copies.push_back(said);
    for (std::string& earlier : gone.info.copies) kept.info.copies.push_back(std::move(earlier));
}

/// Under the numbers of the other exhibit of the same recording.
class Renumbered {
public:
    Renumbered(TraceInfo& to, const TraceInfo& from) {
        for (const Witness& witness : from.witnesses) {
            const auto known = std::find_if(to.witnesses.begin(), to.witnesses.end(), [&](const Witness& one) { return one.netns == witness.netns; });
            witnesses_.push_back(static_cast<WitnessId>(known - to.witnesses.begin()));
            if (known == to.witnesses.end()) to.witnesses.push_back(witness);
        }
        for (Interface interface : from.interfaces) {
            interface.witness = witnesses_.empty() ? interface.witness : witnesses_[interface.witness];
            const auto known = std::find_if(to.interfaces.begin(), to.interfaces.end(), [&](const Interface& one) {
                return one.witness == interface.witness && one.name == interface.name && one.index == interface.index;
            });
            interfaces_.push_back(static_cast<std::uint32_t>(known - to.interfaces.begin()));
            if (known == to.interfaces.end()) to.interfaces.push_back(std::move(interface));
        }
    }
    void operator()(Event& event) const {
        if (event.witness < witnesses_.size()) event.witness = witnesses_[event.witness];
        if (Segment* segment = event.as<Segment>(); segment && segment->interface < interfaces_.size()) segment->interface = interfaces_[segment->interface];
    }

private:
    std::vector<WitnessId> witnesses_;
    std::vector<std::uint32_t> interfaces_;
};

/// What is not one of the recorder's own: those it does not count.
bool counted(const Event& event) { return !event.as<Gap>() && !event.as<Environment>() && !event.as<Repeats>(); }

/// A gap in the numbers of one part is none as far as the other part has those records. Gaps that the recorder told stay as they are.
void fill_gaps(std::vector<Event>& events, const Exhibit& other_part, const std::set<RecordKey>& known) {
    std::set<RecordKey> used;
    const auto fill = [&](const Event& event, Gap& gap) {
        std::set<RecordKey> found;
        for (const Event& other : other_part.events) {
            const bool there = event.cpu == any_cpu ? counted(other) : other.seq && other.cpu == event.cpu && other.time_ns >= gap.from_ns && other.time_ns <= gap.to_ns;
            if (RecordKey key; there && !known.contains(key = record_key(other, other_part.info)) && !used.contains(key)) found.insert(std::move(key));
        }
        gap.lost -= std::min<std::uint64_t>(gap.lost, found.size());
        used.merge(found);
    };
    for (const bool numbered : {true, false})  // what fills a hole in the numbers is not missing anywhere else
        for (Event& event : events)
            if (Gap* gap = event.as<Gap>(); gap && gap->probe == "unknown" && (event.cpu != any_cpu) == numbered) fill(event, *gap);
    std::erase_if(events, [](const Event& event) {
        const Gap* gap = event.as<Gap>();
        return gap && gap->probe == "unknown" && gap->lost == 0;
    });
}

bool same_gap(const Event& event, const Gap& gap) {
    const Gap* one = event.as<Gap>();
    return one && one->from_ns == gap.from_ns && one->to_ns == gap.to_ns && one->probe == gap.probe;
}

/// Names, settings and the like come once in a recording: whichever part holds them tells them for the whole.
void learn(TraceInfo& to, const TraceInfo& from) {
    for (const Witness& witness : from.witnesses) {
        const auto known = std::find_if(to.witnesses.begin(), to.witnesses.end(), [&](const Witness& one) { return one.netns == witness.netns; });
        if (known == to.witnesses.end()) {
            to.witnesses.push_back(witness);
            continue;
        }
        if (known->name == fmt::format("netns {}", known->netns)) known->name = witness.name;
        known->sysctls.insert(witness.sysctls.begin(), witness.sysctls.end());
    }
    to.meta.insert(from.meta.begin(), from.meta.end());
    to.cgroups.insert(from.cgroups.begin(), from.cgroups.end());
    if (to.ended_ns == 0) {
        to.ended_ns = from.ended_ns;
        to.probes = from.probes;
    }
    to.cut_off = to.ended_ns == 0;
}

/// Two parts of one recording: what the second has more goes into the first.
void join(Exhibit& first, Exhibit& second, const std::set<RecordKey>& known, const std::set<RecordKey>& more) {
    fill_gaps(first.events, second, known);
    fill_gaps(second.events, first, more);
    const Renumbered renumber(first.info, second.info);
    for (Event& event : second.events) {
        const Gap* gap = event.as<Gap>();
        const bool there = gap ? std::any_of(first.events.begin(), first.events.end(), [&](const Event& one) { return same_gap(one, *gap); }) : known.contains(record_key(event, second.info));
        if (there) continue;
        renumber(event);
        if (Segment* segment = event.as<Segment>()) segment->frame = 0;  // it would be another file's
        first.events.push_back(std::move(event));
    }
    std::stable_sort(first.events.begin(), first.events.end(), [](const Event& a, const Event& b) { return a.time_ns < b.time_ns; });
    std::uint64_t id = 0;
    for (Event& event : first.events) event.id = ++id;
    first.info.records = 0;  // not known of the whole
}

/// True: `second` is no exhibit of its own any more.
bool fold_trace(Exhibit& first, Exhibit& second, std::vector<std::string>& said) {
    const std::set<RecordKey> a = records_of(first), b = records_of(second);
    const bool within = std::includes(a.begin(), a.end(), b.begin(), b.end()), around = std::includes(b.begin(), b.end(), a.begin(), a.end());
    // A part may hold nothing but what the recorder tells of itself: such parts are no copies of each other.
    const bool same = within && around && !a.empty() && first.info.ended_ns == second.info.ended_ns;
    if (same ? first.info.cut_short() && !second.info.cut_short() : around && !within) {
        std::swap(first, second);
    } else if (!within) {
        join(first, second, a, b);
    }
    const std::string one = file_text(first), other = file_text(second);
    note_copy(first, second, same ? fmt::format("{} is the same recording as {}: counted once", other, one)
                             : within || around ? fmt::format("{} is a part of the recording in {}: counted once", other, one)
                                                : fmt::format("{} is another part of the recording in {}: joined, each record counted once", other, one));
    learn(first.info, second.info);
    said.push_back(first.info.copies.back());
    return true;
}

bool fold_foreign(Exhibit& first, Exhibit& second, std::vector<std::string>& said) {
    if (first.capture() != second.capture() || first.info.tool != second.info.tool || first.log != second.log) return false;
    const std::multiset<EventKey> a = events_of(first), b = events_of(second);
    if (a.empty() || b.empty()) return false;
    const bool within = std::includes(a.begin(), a.end(), b.begin(), b.end()), around = std::includes(b.begin(), b.end(), a.begin(), a.end());
    if (!within && !around) return false;
    const bool equal = within && around && first.packets == second.packets;
    if (!equal && (!within || (around && second.packets > first.packets))) std::swap(first, second);
    note_copy(first, second, fmt::format("{} {} {}: counted once", file_text(second), equal ? "holds the same as" : "holds nothing that is not in", file_text(first)));
    said.push_back(first.info.copies.back());
    return true;
}

}  // namespace

std::vector<std::string> fold_copies(std::vector<Exhibit>& exhibits) {
    std::vector<std::string> said;
    for (std::size_t one = 0; one < exhibits.size(); ++one)
        for (std::size_t other = one + 1; other < exhibits.size();) {
            Exhibit &first = exhibits[one], &second = exhibits[other];
            const bool traces = !first.capture() && !second.capture() && one_recording(first.info, second.info);
            const bool told_apart = !first.info.boot_id.empty() || !second.info.boot_id.empty();
            if (!(traces ? fold_trace(first, second, said) : !told_apart && fold_foreign(first, second, said))) {
                ++other;
                continue;
            }
            exhibits.erase(exhibits.begin() + static_cast<std::ptrdiff_t>(other));
        }
    return said;
}

}  // namespace tcpwitness
