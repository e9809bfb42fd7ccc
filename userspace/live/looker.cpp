#include "live/looker.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "live/iterator_records.h"
#include "live/kernel.h"
#include "parsers/record_layout.h"

namespace tcpwitness {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t share = 100;  // one part in so many of a CPU's time, at most, goes into looking

template <std::size_t size>
void put_text(std::uint8_t (&to)[size], const std::string& text) {
    std::memcpy(to, text.data(), std::min(text.size(), size));
}

void add_process(tw_queue& queue, const ProcessState& process) {
    queue.task.pid = process.task.pid;
    queue.task.tid = process.task.tid;
    put_text(queue.task.comm, process.task.comm.substr(0, TW_COMM_LEN - 1));
    queue.process_state = static_cast<std::uint8_t>(process.state);
    queue.threads = process.threads;
    put_text(queue.call, process.call);
    put_text(queue.wait, process.wait);
}

/// Of several that hold a socket, the one whose state explains most: one that is stopped, or waits uninterruptibly.
std::optional<ProcessState> most_telling(const std::vector<std::uint32_t>& pids) {
    std::optional<ProcessState> best;
    for (const std::uint32_t pid : pids) {
        auto one = process_state(pid);
        if (!one) continue;
        const bool stuck = one->state == 'T' || one->state == 't' || one->state == 'D';
        if (!best || stuck) best = std::move(one);
        if (stuck) break;
    }
    return best;
}

}  // namespace

ListenCounters ListenCounters::parse(const std::string& netstat) {
    ListenCounters counters;
    std::vector<std::string_view> names;
    for (const std::string_view line : split(netstat, '\n')) {
        if (!line.starts_with("TcpExt:")) continue;
        const auto words = split(line, ' ');
        if (names.empty()) {
            names = words;  // the first line of the two
            continue;
        }
        for (std::size_t i = 1; i < std::min(names.size(), words.size()); ++i) {
            if (names[i] == "ListenOverflows") counters.overflows = parse_number<std::uint64_t>(words[i]).value_or(0);
            if (names[i] == "SyncookiesSent") counters.syn_cookies = parse_number<std::uint64_t>(words[i]).value_or(0);
        }
    }
    return counters;
}

Looker::Looker(const LoadedProbes& probes, const Filter& filter, Namespaces& namespaces, Take take)
    : probes_(probes), filter_(filter), namespaces_(namespaces), take_(std::move(take)) {}

void Looker::tick(std::uint64_t now_ns) {
    if (now_ns >= next_ns_) look(now_ns);
    if (sample_every_ns_ && now_ns >= next_sample_ns_) {
        sample();
        next_sample_ns_ = now_ns + sample_every_ns_;
    }
}

void Looker::look(std::uint64_t now_ns) {
    const std::uint64_t before = own_cpu_ns();
    each_namespace([this](std::uint32_t netns) { look_at(netns); });
    tell();
    next_ns_ = now_ns + std::max(second, share * (own_cpu_ns() - before));
}

void Looker::each_namespace(const std::function<void(std::uint32_t)>& work) {
    constexpr std::uint64_t try_again_ns = 60 * second;
    const std::uint64_t now = boot_clock_ns();
    for (const std::uint32_t netns : namespaces_.all()) {
        if (!filter_.namespace_wanted(netns)) continue;
        std::uint64_t& closed_until = closed_until_ns_[netns];
        if (now < closed_until || in_namespace(namespaces_.open(netns), [&] { work(netns); })) continue;
        closed_until = now + try_again_ns;
        watch_.forget(netns);
        counters_.erase(netns);
    }
}

void Looker::look_at(std::uint32_t netns) {
    look_at_queues(netns);
    look_at_counters(netns);
}

void Looker::look_at_queues(std::uint32_t netns) {
    const auto pass = probes_.snapshot(TW_PROBE_QUEUE);
    if (!pass) return;  // its row says so
    const auto keep = [this](const QueueRecord& record) { pending_.push_back({*record.socket, record.queue}); };
    watch_.begin(netns);
    const bool whole = for_each_record(*pass, [&](const tw_head& head, const void* data) {
        constexpr std::size_t least = sizeof(tw_head) + sizeof(tw_queue_look);
        if (head.size < least) {
            ++malformed_;
            return;
        }
        Looked socket;
        socket.head = head;
        std::memcpy(&socket.look, static_cast<const char*>(data) + sizeof(tw_head), sizeof(socket.look));
        socket.addresses.assign(static_cast<const char*>(data) + least, head.size - least);
        watch_.see(socket, keep);
    });
    if (!whole) ++malformed_;
    watch_.end(boot_clock_ns(), keep);
}

void Looker::look_at_counters(std::uint32_t netns) {
    std::ifstream file("/proc/thread-self/net/netstat");  // shows the calling thread's namespace
    const ListenCounters now = ListenCounters::parse({std::istreambuf_iterator<char>(file), {}});
    const auto [before, first] = counters_.emplace(netns, now);
    RecordBuilder<tw_queue> record(TW_QUEUE, TW_PROBE_QUEUE);
    record.body.overflows = static_cast<std::uint32_t>(now.overflows - before->second.overflows);
    record.body.syn_cookies = static_cast<std::uint32_t>(now.syn_cookies - before->second.syn_cookies);
    before->second = now;
    if (first || (!record.body.overflows && !record.body.syn_cookies)) return;
    record.head.time_ns = record.body.since_ns = boot_clock_ns();
    record.head.netns = netns;
    record.body.what = TW_QUEUE_COUNTERS;
    const std::string bytes = record.bytes();
    take_(bytes.data(), bytes.size());
}

/// Completes the records of this look with who holds the sockets.
void Looker::tell() {
    std::set<std::uint64_t> inodes;
    for (const Pending& one : pending_)
        if (!(one.queue.flags & TW_QUEUE_OVER)) inodes.insert(one.socket.look.inode);
    const auto holders = inodes.empty() ? decltype(holders_.of(inodes)){} : holders_.of(inodes);
    std::map<std::uint64_t, std::optional<ProcessState>> states;  // each process is asked once
    for (Pending& one : pending_) {
        if (const auto held = holders.find(one.socket.look.inode); held != holders.end()) {
            const auto [state, fresh] = states.try_emplace(held->first);
            if (fresh) state->second = most_telling(held->second);
            if (state->second) add_process(one.queue, *state->second);
        }
        tw_head head = one.socket.head;
        head.size = static_cast<std::uint16_t>(sizeof(head) + sizeof(one.queue) + one.socket.addresses.size());
        std::string bytes(head.size, '\0');
        std::memcpy(bytes.data(), &head, sizeof(head));
        std::memcpy(bytes.data() + sizeof(head), &one.queue, sizeof(one.queue));
        std::memcpy(bytes.data() + sizeof(head) + sizeof(one.queue), one.socket.addresses.data(), one.socket.addresses.size());
        take_(bytes.data(), bytes.size());
    }
    pending_.clear();
}

void Looker::sample() {
    each_namespace([this](std::uint32_t) {
        const auto pass = probes_.snapshot(TW_PROBE_SAMPLE);
        if (!pass) return;
        if (!for_each_record(*pass, [this](const tw_head& head, const void* data) { take_(data, head.size); })) ++malformed_;
    });
}

}  // namespace tcpwitness
