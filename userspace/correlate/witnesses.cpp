// Who was recorded when, and by which clock.
#include <algorithm>

#include "correlate/story.h"

namespace tcpwitness {

namespace {

bool overlaps(std::uint64_t from_a, std::uint64_t to_a, std::uint64_t from_b, std::uint64_t to_b) { return from_a <= to_b && to_a >= from_b; }

/// It covers times that another recording saw, however wrong the two clocks may be.
bool within(const Recording& recording, const Recording& asking, std::uint64_t from_ns, std::uint64_t to_ns) {
    const bool same = &recording == &asking;
    const std::uint64_t early = same ? 0 : recording.clock.later_ns + asking.clock.earlier_ns, late = same ? 0 : recording.clock.earlier_ns + asking.clock.later_ns;
    return recording.begin_ns + early <= from_ns && recording.end_ns >= to_ns + late;
}

bool holds(const Recording& recording, Evidence evidence) { return evidence == Evidence::packets ? recording.packets_seen() : recording.tells("call_exit"); }

}  // namespace

void Story::describe(const TraceInfo& info) {
    const std::uint64_t begin = recordings.empty() ? 0 : recordings.front().begin_ns, end = recordings.empty() ? 0 : recordings.front().end_ns;
    recordings.assign(1, info);
    recordings.front().begin_ns = begin;
    recordings.front().end_ns = end;
    witnesses = info.witnesses;
    interfaces = info.interfaces;
    boot_to_wall_ns = info.boot_to_wall_ns;
}

Blind Story::blind(WitnessId witness, Evidence evidence, WitnessId asking, std::uint64_t from_ns, std::uint64_t to_ns, std::uint64_t around_ns) const {
    const std::uint64_t early = from_ns - std::min(from_ns, around_ns), late = to_ns + around_ns;
    const auto lost = [&](RecordingId id) {
        const auto in_gap = [&](const Event& event) {
            const Gap* gap = event.as<Gap>();
            return gap && gap->recording == id && overlaps(gap->from_ns, gap->to_ns, early, late);
        };
        const auto only_counted = [&](const Event& event) {
            const Repeats* repeats = event.as<Repeats>();
            return repeats && event.witness == witness && overlaps(repeats->from_ns, repeats->to_ns, early, late);
        };
        return std::any_of(gaps.begin(), gaps.end(), in_gap) || std::any_of(repeats.begin(), repeats.end(), only_counted);
    };
    Blind least = Blind::outside;
    if (witness >= witnesses.size()) return least;
    const Recording& asker = recording_of(asking);
    for (const RecordingId id : witnesses[witness].recordings) {
        if (id >= recordings.size() || !holds(recordings[id], evidence) || !within(recordings[id], asker, from_ns, to_ns)) continue;
        const bool told = &recordings[id] == &asker || (recordings[id].clock.told() && asker.clock.told());
        if (told && !lost(id)) return Blind::no;
        least = told ? Blind::lost : Blind::clock;
    }
    return least;
}

const Recording& Story::recording_of(WitnessId witness) const {
    if (witness < witnesses.size())
        for (const RecordingId id : witnesses[witness].recordings)
            if (id < recordings.size()) return recordings[id];
    return recordings.front();
}

std::uint64_t Story::uncertainty_ns(WitnessId a, WitnessId b) const {
    if (recordings.empty() || &recording_of(a) == &recording_of(b)) return 0;
    return recording_of(a).clock.uncertainty_ns() + recording_of(b).clock.uncertainty_ns();
}

bool Story::same_host(WitnessId a, WitnessId b) const {
    if (a == b || recordings.empty()) return true;
    const Recording &one = recording_of(a), &other = recording_of(b);
    return &one == &other || (!one.boot_id.empty() && one.boot_id == other.boot_id);
}

}  // namespace tcpwitness
