#include "live/collector.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <string>

#include "live/unfinished_calls.h"

namespace tcpwitness {

Collector::Collector(const LoadedProbes& probes, const Filter& filter, Namespaces& namespaces, RecordSink& sink)
    : probes_(probes), filter_(filter), namespaces_(namespaces), sink_(sink), ring_lost_(TW_PROBES), missed_(TW_PROBES) {}

Collector::~Collector() {
    if (counters_) munmap(const_cast<tw_counters*>(counters_), counters_bytes_);
}

Result<std::unique_ptr<Collector>> Collector::open(const LoadedProbes& probes, const Filter& filter, Namespaces& namespaces, RecordSink& sink) {
    std::unique_ptr<Collector> collector(new Collector(probes, filter, namespaces, sink));
    collector->ring_.reset(ring_buffer__new(probes.ring_fd(), on_record, collector.get(), nullptr));
    if (!collector->ring_) return Error{std::string("the ring buffer cannot be mapped: ") + std::strerror(errno)};
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    collector->counters_stride_ = (sizeof(tw_counters) + 7) / 8 * 8;  // as the kernel lays out array elements
    const std::size_t bytes = (collector->counters_stride_ * probes.cpus() + page - 1) / page * page;
    void* mapped = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, probes.counters_fd(), 0);
    if (mapped == MAP_FAILED) return Error{std::string("the loss counters cannot be mapped: ") + std::strerror(errno)};
    collector->counters_ = static_cast<const tw_counters*>(mapped);
    collector->counters_bytes_ = bytes;
    collector->last_check_ns_ = collector->last_missed_check_ns_ = boot_clock_ns();
    return collector;
}

int Collector::on_record(void* self, void* data, std::size_t size) {
    static_cast<Collector*>(self)->take(data, size);
    return 0;
}

void Collector::take(const void* data, std::size_t size) {
    tw_head head{};
    std::memcpy(&head, data, std::min(size, sizeof(head)));
    if (size < sizeof(head) || head.size > size || head.size < sizeof(head) || head.probe >= TW_PROBES) {
        ++malformed_;
        return;
    }
    if (head.netns != last_netns_) introduce(head.netns, head.time_ns);
    ++counts_[head.probe].events;
    sink_.record(head, data, head.size);
}

/// The first record of a namespace brings its name, addresses and sysctls with it.
void Collector::introduce(std::uint32_t netns, std::uint64_t boot_ns) {
    if (netns == 0) return;
    last_netns_ = netns;
    if (!introduced_.insert(netns).second) return;
    const std::string prefix = "netns." + std::to_string(netns);
    if (const std::string name = namespaces_.name(netns); !name.empty()) sink_.meta(boot_ns, prefix + ".name", name);
    std::map<std::string, std::string> sysctls;
    std::string addresses;
    in_namespace(namespaces_.open(netns), [&] {
        sysctls = network_sysctls();
        for (const Address& address : network_addresses()) addresses += (addresses.empty() ? "" : ",") + address.text();
    });
    if (!addresses.empty()) sink_.meta(boot_ns, prefix + ".addresses", addresses);
    for (const auto& [name, value] : sysctls) sink_.meta(boot_ns, prefix + ".sysctl." + name, value);
}

void Collector::snapshot() {
    std::set<std::uint32_t> reached;
    read_snapshot(TW_PROBE_SNAPSHOT_FILES);
    for (const std::uint32_t netns : namespaces_.all()) reached.insert(netns);
    reached.insert(introduced_.begin(), introduced_.end());
    for (const std::uint32_t netns : reached) {
        in_namespace(namespaces_.open(netns), [&] { read_snapshot(TW_PROBE_SNAPSHOT_TCP); });
    }
    snapshot_cookies_ = {};
}

void Collector::read_snapshot(tw_probe iterator) {
    const auto pass = probes_.snapshot(iterator);
    if (!pass) return;  // its row says so
    std::string pending;
    char chunk[65536];
    while (true) {
        const ssize_t size = read(pass->get(), chunk, sizeof(chunk));
        if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (size <= 0) return;
        pending.append(chunk, static_cast<std::size_t>(size));
        std::size_t at = 0;
        while (pending.size() - at >= sizeof(tw_head)) {
            tw_head head;
            std::memcpy(&head, pending.data() + at, sizeof(head));
            if (head.size < sizeof(head)) {
                ++malformed_;
                return;
            }
            if (pending.size() - at < head.size) break;
            // several processes may have one socket open: each is told; the hash table only adds those that nobody has open
            const bool first = snapshot_cookies_.insert(head.cookie).second;
            if (first || iterator == TW_PROBE_SNAPSHOT_FILES) take(pending.data() + at, head.size);
            at += head.size;
        }
        pending.erase(0, at);
    }
}

Status Collector::drain() {
    const std::uint64_t now = boot_clock_ns();
    ring_buffer__consume(ring_.get());
    check_losses();
    return sink_.tick(now);
}

void Collector::check_losses() {
    const std::uint64_t now = boot_clock_ns();
    std::array<std::uint64_t, TW_PROBES> lost{}, last{};
    for (unsigned cpu = 0; cpu < probes_.cpus(); ++cpu) {
        const auto* bytes = reinterpret_cast<const char*>(counters_) + counters_stride_ * cpu;
        const auto* counters = reinterpret_cast<const volatile tw_counters*>(bytes);
        for (std::size_t number = 0; number < TW_PROBES; ++number) {
            lost[number] += counters->probe[number].lost;
            last[number] = std::max(last[number], std::uint64_t{counters->probe[number].last_lost_ns});
        }
    }
    for (std::size_t number = 0; number < TW_PROBES; ++number) {
        if (lost[number] == ring_lost_[number]) continue;
        report_loss(static_cast<tw_probe>(number), lost[number] - ring_lost_[number], std::min(last_check_ns_, last[number]), last[number]);
        ring_lost_[number] = lost[number];
    }
    if (now - last_missed_check_ns_ >= missed_check_ns_) {
        const auto missed = probes_.missed();
        for (std::size_t number = 0; number < TW_PROBES; ++number) {
            if (missed[number] <= missed_[number]) continue;
            const std::uint64_t count = missed[number] - missed_[number];
            counts_[number].left_out += count;
            report_loss(static_cast<tw_probe>(number), count, last_missed_check_ns_, now);
            missed_[number] = missed[number];
        }
        last_missed_check_ns_ = now;
    }
    last_check_ns_ = now;
}

void Collector::report_loss(tw_probe number, std::uint64_t count, std::uint64_t from_ns, std::uint64_t to_ns) {
    tw_gap gap{};
    gap.from_ns = from_ns;
    gap.to_ns = to_ns;
    gap.lost = count;
    gap.lost_probe = number;
    counts_[number].lost += count;
    sink_.gap(to_ns, gap, 0xffff);
}

void Collector::unfinished_calls() {
    for_each_unfinished_call(probes_.pending_calls_fd(), filter_, [&](const void* data, std::size_t size) { take(data, size); });
    missed_check_ns_ = 0;
    check_losses();
}

int Collector::wake_fd() const { return ring_buffer__epoll_fd(ring_.get()); }

std::uint64_t Collector::events() const {
    std::uint64_t total = 0;
    for (const ProbeCount& count : counts_) total += count.events;
    return total;
}

std::uint64_t Collector::lost() const {
    std::uint64_t total = 0;
    for (const ProbeCount& count : counts_) total += count.lost;
    return total;
}

std::uint64_t Collector::left_out() const {
    std::uint64_t total = 0;
    for (const ProbeCount& count : counts_) total += count.left_out;
    return total;
}

}  // namespace tcpwitness
