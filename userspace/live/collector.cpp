#include "live/collector.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "environment/sysctls.h"
#include "live/iterator_records.h"
#include "live/unfinished_calls.h"

namespace tcpwitness {

Collector::Collector(LoadedProbes& probes, const Filter& filter, Namespaces& namespaces, RecordSink& sink)
    : probes_(probes), filter_(filter), namespaces_(namespaces), sink_(sink), ledger_(!filter.by_task()),
      task_flows_([this](const void* data, std::size_t size) { choose_by_flow(data, size); }),
      undecided_(filter_, [this](const void* data, std::size_t size) { write(data, size); }),
      looker_(probes, filter, namespaces, [this](const void* data, std::size_t size) { take(data, size); }), route_asker_(probes, namespaces), ring_lost_(TW_PROBES), missed_(TW_PROBES) {}

Result<std::unique_ptr<Collector>> Collector::open(LoadedProbes& probes, const Filter& filter, Namespaces& namespaces, RecordSink& sink) {
    std::unique_ptr<Collector> collector(new Collector(probes, filter, namespaces, sink));
    const RingFds fds = probes.ring_fds();
    const RingLayout& layout = probes.rings();
    collector->ring_memory_ = Mapping(fds.rings, Rings::chunk_stride * layout.chunks * layout.count, PROT_READ | PROT_WRITE);
    collector->taken_memory_ = Mapping(fds.taken, sizeof(tw_taken) * layout.count, PROT_READ | PROT_WRITE);
    collector->counters_memory_ = Mapping(fds.counters, sizeof(tw_counters) * probes.cpus(), PROT_READ);
    collector->kept_memory_ = Mapping(probes.kept_fd(), sizeof(tw_kept_set) * probes.kept_sets(), PROT_READ | PROT_WRITE);
    if (!collector->ring_memory_ || !collector->taken_memory_ || !collector->counters_memory_ || !collector->kept_memory_)
        return Error{std::string("the buffer between kernel and recorder cannot be mapped: ") + std::strerror(errno)};
    collector->rings_ = std::make_unique<Rings>(static_cast<std::byte*>(collector->ring_memory_.data()),
                                                static_cast<tw_taken*>(collector->taken_memory_.data()), layout);
    collector->wake_.reset(ring_buffer__new(fds.wake, [](void*, void*, std::size_t) { return 0; }, nullptr, nullptr));
    if (!collector->wake_) return Error{std::string("the wake-up ring buffer cannot be mapped: ") + std::strerror(errno)};
    collector->held_back_ = std::make_unique<HeldBack>(probes.held_fd(), probes.cpus(), probes.reset_reasons_told(), boot_clock_ns());
    collector->kept_packets_ = std::make_unique<KeptPackets>(static_cast<tw_kept_set*>(collector->kept_memory_.data()), probes.kept_sets());
    collector->last_check_ns_ = collector->last_missed_check_ns_ = boot_clock_ns();
    return collector;
}

void Collector::take(const void* data, std::size_t size) {
    tw_head head{};
    std::memcpy(&head, data, std::min(size, sizeof(head)));
    if (size < sizeof(head) || head.size > size || head.size < sizeof(head) || head.probe >= TW_PROBES) {
        ++malformed_;
        return;
    }
    if (filter_.by_task()) return task_flows_.take(head, data);
    choose_by_flow(data, head.size);
}

void Collector::choose_by_flow(const void* data, std::size_t size) {
    if (!filter_.by_flow()) return write(data, size);
    tw_head head;
    std::memcpy(&head, data, sizeof head);
    undecided_.take(head, data);
}

/// What nobody asked for is not written: not even the name of its namespace.
void Collector::write(const void* data, std::size_t size) {
    tw_head head;
    std::memcpy(&head, data, sizeof head);
    if (head.netns != last_netns_) introduce(head.netns, head.time_ns);
    if (head.kind == TW_CALL || head.kind == TW_SNAPSHOT) introduce_cgroup(head, data);
    if (head.kind == TW_ROUTE) return take_route(head, data);
    ledger_.see(head, data, drain_ns_);
    hand_on(head, data, size);
}

void Collector::hand_on(const tw_head& head, const void* data, std::size_t size) {
    if (sink_.record(head, data, size))
        ++counts_[head.probe].events;
    else
        note_refused(head);
}

void Collector::note_refused(const tw_head& head) {
    Refused& refused = refused_[head.probe];
    if (refused.count++ == 0) refused.first_ns = head.time_ns;
    refused.last_ns = std::max(refused.last_ns, head.time_ns);
}

/// So that the numbers that are missing are not taken for losses.
void Collector::tell_withheld(std::uint64_t now_ns) {
    for (const auto& [key, value] : task_flows_.take_withheld()) sink_.meta(now_ns, key, value);
    for (const auto& [key, value] : undecided_.take_withheld()) sink_.meta(now_ns, key, value);
}

void Collector::settle() {
    task_flows_.drop_all();
    undecided_.drop_all();
    tell_withheld(boot_clock_ns());
    tell_unseen(true);
}

/// The programs see a moment later than the collector that it is over: what they told then is left out. A call that was inside the kernel at the
/// end is unfinished.
void Collector::take_late(const void* data, std::size_t size) {
    struct {
        tw_head head;
        tw_call body;
    } call{};
    std::memcpy(&call.head, data, std::min(size, sizeof(call.head)));
    if (call.head.time_ns <= end_ns_) return take(data, size);
    if (call.head.kind != TW_CALL || size < sizeof(call) || call.head.size > size) return;
    std::memcpy(&call, data, sizeof(call));
    if (call.body.enter_ns == 0 || call.body.enter_ns > end_ns_ || call.body.op == TW_CALL_SOCKET) return;
    if (call.body.op == TW_CALL_ACCEPT) call.head.cookie = call.body.listener;  // as for_each_unfinished_call() tells it
    call.body.flags |= TW_CALL_UNFINISHED;
    call.head.time_ns = end_ns_;
    std::string record(static_cast<const char*>(data), size);
    std::memcpy(record.data(), &call, sizeof(call));
    take(record.data(), record.size());
}

/// The first lookups that failed were not noted when they did.
void Collector::take_route(const tw_head& head, const void* data) {
    struct {
        tw_head head;
        tw_route body;
        unsigned char addresses[32];
    } record{};
    if (head.size < offsetof(decltype(record), addresses) + 8 || head.size > sizeof record) {
        ++malformed_;
        return;
    }
    std::memcpy(&record, data, head.size);
    route_asker_.complete(head, record.body, record.addresses);
    hand_on(head, &record, head.size);
}

/// The first record of a namespace brings its name, addresses and sysctls with it.
void Collector::introduce(std::uint32_t netns, std::uint64_t boot_ns) {
    if (netns == 0) return;
    last_netns_ = netns;
    if (!introduced_.insert(netns).second) return;
    const std::string prefix = "netns." + std::to_string(netns);
    const std::string name = namespaces_.name(netns);
    if (!name.empty()) sink_.meta(boot_ns, prefix + ".name", name);
    std::map<std::string, std::string> sysctls;
    std::string addresses;
    in_namespace(namespaces_.open(netns), [&] {
        sysctls = network_sysctls();
        for (const Address& address : network_addresses()) addresses += (addresses.empty() ? "" : ",") + address.text();
    });
    if (!addresses.empty()) sink_.meta(boot_ns, prefix + ".addresses", addresses);
    for (const auto& [sysctl, value] : sysctls) sink_.meta(boot_ns, prefix + ".sysctl." + sysctl, value);
    environment_.add(netns, name);
}

/// The first record of a control group's task brings the group's path with it. Whoever owns a socket called, or is in the snapshot.
void Collector::introduce_cgroup(const tw_head& head, const void* data) {
    const std::size_t at = sizeof(tw_head) + (head.kind == TW_CALL ? offsetof(tw_call, task) : offsetof(tw_snapshot, task));
    tw_task task;
    if (head.size < at + sizeof(task)) return;
    std::memcpy(&task, static_cast<const char*>(data) + at, sizeof(task));
    if (task.cgroup == 0 || task.cgroup == last_cgroup_) return;
    last_cgroup_ = task.cgroup;
    if (!introduced_cgroups_.insert(task.cgroup).second) return;
    if (const std::string path = cgroup_paths_.path(task.cgroup); !path.empty())
        sink_.meta(head.time_ns, "cgroup." + std::to_string(task.cgroup) + ".path", path);
}

void Collector::snapshot() {
    // Those that were asked for by name are part of the story even when nothing happens there.
    for (const std::uint32_t netns : filter_.netns) introduce(netns, boot_clock_ns());
    std::set<std::uint32_t> reached;
    read_snapshot(TW_PROBE_SNAPSHOT_FILES);
    for (const std::uint32_t netns : namespaces_.all()) reached.insert(netns);
    reached.insert(introduced_.begin(), introduced_.end());
    for (const std::uint32_t netns : reached) {
        bool read = false;
        if (in_namespace(namespaces_.open(netns), [&] { read = read_snapshot(TW_PROBE_SNAPSHOT_TCP); }) && read) ledger_.table_read(netns, boot_clock_ns());
    }
    snapshot_cookies_ = {};
    environment_.await_first_look();
    look_at_queues();
}

/// Whether it could be read.
bool Collector::read_snapshot(tw_probe iterator) {
    const auto pass = probes_.snapshot(iterator);
    if (!pass) return false;  // its row says so
    const bool whole = for_each_record(*pass, [&](const tw_head& head, const void* data) {
        // several processes may have one socket open: each is told; the hash table only adds those that nobody has open
        const bool first = snapshot_cookies_.insert(head.cookie).second;
        if (first || iterator == TW_PROBE_SNAPSHOT_FILES) take(data, head.size);
    });
    if (!whole) ++malformed_;
    return whole;
}

/// Asks the kernel's tables which of the sockets that should be open are there. What is on its way still may tell of the others.
void Collector::call_roll() {
    constexpr int turns = 25;
    constexpr useconds_t turn_us = 20'000;
    for (const std::uint32_t netns : ledger_.namespaces())
        in_namespace(namespaces_.open(netns), [&] {
            const std::uint64_t began = boot_clock_ns();
            std::unordered_set<std::uint64_t> there;
            const auto pass = probes_.snapshot(TW_PROBE_SNAPSHOT_TCP);
            if (pass && for_each_record(*pass, [&](const tw_head& head, const void*) { there.insert(head.cookie); })) ledger_.call_roll(netns, there, began);
        });
    for (int turn = 0; turn < turns && drain() && ledger_.absent(); ++turn) usleep(turn_us);
}

Status Collector::drain() {
    const std::uint64_t now = drain_ns_ = boot_clock_ns();
    ring_buffer__consume(wake_.get());
    rings_->take(now, [this](const void* data, std::size_t size) { end_ns_ ? take_late(data, size) : take(data, size); });
    if (!end_ns_) {
        stand_in_where_needed();
        looker_.tick(now);
        check_losses();
    }
    take_environment();
    return sink_.tick(now);
}

/// The stand-in of the state probe costs as much as any program, and many machines never need it: there it is let go. Once it has been
/// of use, or has been missing, it stays.
void Collector::stand_in_where_needed() {
    constexpr std::uint64_t enough_changes = 20'000;
    std::uint64_t stood_in = 0;
    for (unsigned cpu = 0; cpu < probes_.cpus(); ++cpu) stood_in += (static_cast<const volatile tw_counters*>(counters_memory_.data()) + cpu)->stood_in;
    probes_.stand_in(counts_[TW_PROBE_STATE].events < enough_changes || stood_in != 0 || probes_.missed(TW_PROBE_STATE) != 0);
}

void Collector::take_environment() {
    for (const std::string& record : environment_.take()) {
        tw_head head;
        std::memcpy(&head, record.data(), sizeof head);
        if (!sink_.record(head, record.data(), record.size())) note_refused(head);
    }
}

void Collector::stop() {
    end_ns_ = probes_.stop();
    missed_check_ns_ = 0;
    check_losses();
}

void Collector::last_look() {
    environment_.finish(now());
    take_environment();
    sink_.meta(now(), "environment.longest_pause_ns", std::to_string(environment_.longest_pause_ns()));
}

void Collector::check_losses() {
    const std::uint64_t now = this->now();
    std::array<std::uint64_t, TW_PROBES> lost{}, last{};
    for (unsigned cpu = 0; cpu < probes_.cpus(); ++cpu) {
        const auto* counters = static_cast<const volatile tw_counters*>(counters_memory_.data()) + cpu;
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
    for (std::size_t number = 0; number < TW_PROBES; ++number) {
        const Refused refused = std::exchange(refused_[number], {});
        if (refused.count == 0) continue;
        counts_[number].refused += refused.count;
        report_loss(static_cast<tw_probe>(number), refused.count, refused.first_ns, refused.last_ns);
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
        check_held_back();
        tell_withheld(now);
        if (!end_ns_) tell_unseen(false);
    }
    last_check_ns_ = now;
}

/// State changes that must have been and have no record, beyond those that are known to be lost.
void Collector::tell_unseen(bool all) {
    const SocketLedger::Missing missing = ledger_.take_missing(now(), all);
    if (!missing.count) return;
    unseen_found_ += missing.count;
    const ProbeCount& count_of = counts_[TW_PROBE_STATE];
    const std::uint64_t explained = count_of.lost - count_of.refused - unseen_ + undecided_.overflowed();
    if (unseen_found_ <= explained + unseen_) return;
    const std::uint64_t count = unseen_found_ - explained - unseen_;
    unseen_ += count;
    report_loss(TW_PROBE_STATE, count, missing.from_ns, missing.to_ns);
}

void Collector::check_held_back() {
    constexpr std::uint64_t wait_ns = TW_KEPT_SECONDS * std::uint64_t{1'000'000'000};
    const std::uint64_t now = this->now();
    if (probes_.kept_any())  // else its memory need not be touched
        kept_packets_->count_older(missed_check_ns_ ? now - std::min(now, wait_ns) : UINT64_MAX,
                                   [this](const tw_held_key& key) { held_back_->add(key, 1); });
    held_back_->look(now, [this](const void* data, std::size_t size) { take(data, size); });
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
    for_each_unfinished_call(probes_.pending_calls_fd(), filter_, now(), [&](const void* data, std::size_t size) { take(data, size); });
}

int Collector::wake_fd() const { return ring_buffer__epoll_fd(wake_.get()); }

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

std::uint64_t Collector::refused() const {
    std::uint64_t total = 0;
    for (const ProbeCount& count : counts_) total += count.refused;
    return total;
}

std::uint64_t Collector::left_out() const {
    std::uint64_t total = 0;
    for (const ProbeCount& count : counts_) total += count.left_out;
    return total;
}

}  // namespace tcpwitness
