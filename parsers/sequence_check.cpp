#include "parsers/sequence_check.h"

#include <algorithm>

namespace tcpwitness {

namespace {

constexpr std::uint64_t wrap = std::uint64_t{1} << 32;
constexpr std::uint64_t neighbour_ns = 100'000'000;

}  // namespace

bool SequenceCheck::see(std::uint16_t cpu_number, std::uint32_t number, std::uint64_t time_ns) {
    if (number == 0) return true;
    if (!last_ || cpu_number != last_cpu_) {
        last_ = &cpus_[cpu_number];
        last_cpu_ = cpu_number;
    }
    Cpu& cpu = *last_;
    const auto ahead = static_cast<std::int32_t>(number - static_cast<std::uint32_t>(cpu.next));
    const std::uint64_t wide = cpu.seen ? cpu.next + static_cast<std::uint64_t>(static_cast<std::int64_t>(ahead)) : number;
    if (cpu.seen && ahead < 0) return fill(cpu, wide);
    const std::uint64_t from = cpu.last_time_ns;
    cpu.last_time_ns = std::max(from, time_ns);
    if (wide > cpu.next) cpu.holes.emplace(cpu.next, Hole{wide - 1, from, cpu.last_time_ns});
    cpu.next = wide + 1;
    cpu.seen = true;
    return true;
}

void SequenceCheck::excuse(std::uint16_t cpu_number, std::uint32_t first, std::uint32_t last, std::uint64_t time_ns) {
    if (first == 0 || last < first) return;
    last_ = nullptr;
    Cpu& cpu = cpus_[cpu_number];
    const auto ahead = static_cast<std::int32_t>(first - static_cast<std::uint32_t>(cpu.next));
    const std::uint64_t begin = cpu.seen ? cpu.next + static_cast<std::uint64_t>(static_cast<std::int64_t>(ahead)) : first;
    const std::uint64_t end = begin + (last - first);
    if (cpu.seen && begin < cpu.next) fill(cpu, begin, std::min(end, cpu.next - 1));
    if (cpu.seen && end < cpu.next) return;
    const std::uint64_t from = cpu.last_time_ns;
    cpu.last_time_ns = std::max(from, time_ns);
    if (begin > cpu.next) cpu.holes.emplace(cpu.next, Hole{begin - 1, from, cpu.last_time_ns});
    cpu.next = end + 1;
    cpu.seen = true;
}

/// The same of a run of numbers, which may lie in several holes.
void SequenceCheck::fill(Cpu& cpu, std::uint64_t first, std::uint64_t last) {
    auto hole = cpu.holes.upper_bound(first);
    if (hole != cpu.holes.begin()) --hole;
    while (hole != cpu.holes.end() && hole->first <= last) {
        const auto [begin, whole] = *hole;
        if (whole.last < first) {
            ++hole;
            continue;
        }
        hole = cpu.holes.erase(hole);
        if (first > begin) cpu.holes.emplace(begin, Hole{first - 1, whole.from_ns, whole.to_ns});
        if (last < whole.last) hole = cpu.holes.emplace(last + 1, whole).first;
    }
}

/// A number that comes late makes its hole smaller, or two of it.
bool SequenceCheck::fill(Cpu& cpu, std::uint64_t number) {
    auto hole = cpu.holes.upper_bound(number);
    if (hole == cpu.holes.begin()) return false;
    --hole;
    const auto [first, whole] = *hole;
    if (number > whole.last) return false;
    cpu.holes.erase(hole);
    if (number > first) cpu.holes.emplace(first, Hole{number - 1, whole.from_ns, whole.to_ns});
    if (number < whole.last) cpu.holes.emplace(number + 1, whole);
    return true;
}

void SequenceCheck::explain(std::uint16_t cpu, const Gap& gap) { declared_[cpu].push_back({gap.from_ns, gap.to_ns, gap.lost}); }

/// Takes off what the declared losses of that time explain. `first` moves on with the holes, which come in time order.
void SequenceCheck::absorb(std::vector<Declared>& declared, std::size_t& first, Missing& missing) {
    while (first < declared.size() && (declared[first].left == 0 || declared[first].to_ns < missing.from_ns)) ++first;
    for (std::size_t i = first; i < declared.size() && missing.lost && declared[i].from_ns <= missing.to_ns; ++i) {
        if (declared[i].to_ns < missing.from_ns) continue;
        const std::uint64_t explained = std::min(declared[i].left, missing.lost);
        declared[i].left -= explained;
        missing.lost -= explained;
    }
}

void SequenceCheck::finish(std::uint64_t begin_ns, std::vector<Event>& out) {
    const auto by_start = [](const auto& a, const auto& b) { return a.from_ns < b.from_ns; };
    for (auto& [cpu, declared] : declared_) std::stable_sort(declared.begin(), declared.end(), by_start);

    std::vector<Missing> unexplained;
    for (const auto& [number, cpu] : cpus_) {
        std::size_t first = 0;
        for (const auto& [begin, hole] : cpu.holes) {
            const std::uint64_t zeros = hole.last / wrap - (begin - 1) / wrap;  // the number 0 is never given
            Missing missing{number, hole.from_ns ? hole.from_ns : std::min(begin_ns, hole.to_ns), hole.to_ns, hole.last - begin + 1 - zeros};
            absorb(declared_[number], first, missing);
            if (missing.lost) unexplained.push_back(missing);
        }
    }
    std::stable_sort(unexplained.begin(), unexplained.end(), by_start);

    std::size_t first = 0;
    std::unordered_map<std::uint16_t, std::size_t> open;  // the cpu's last Gap in `out`
    for (Missing& missing : unexplained) {
        absorb(declared_[any_cpu], first, missing);
        if (!missing.lost) continue;
        if (const auto last = open.find(missing.cpu); last != open.end()) {
            Event& event = out[last->second];
            Gap& gap = std::get<Gap>(event.body);
            if (missing.from_ns <= gap.to_ns + neighbour_ns) {
                gap.lost += missing.lost;
                gap.to_ns = event.time_ns = std::max(gap.to_ns, missing.to_ns);
                continue;
            }
        }
        open[missing.cpu] = out.size();
        Event& event = out.emplace_back();
        event.time_ns = missing.to_ns;
        event.cpu = missing.cpu;
        event.body = Gap{missing.from_ns, missing.to_ns, missing.lost, "unknown"};
    }
}

}  // namespace tcpwitness
