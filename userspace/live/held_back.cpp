#include "live/held_back.h"

#include <bpf/bpf.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "parsers/record_layout.h"

namespace tcpwitness {
namespace {

constexpr std::uint64_t keep_ns = 60'000'000'000;

bool is_others(const tw_held_key& key) { return key.netns == 0; }

/// Counted only when it had waited for its connection in vain.
bool waited(const tw_held_key& key) { return key.what == TW_REPEAT_HANDSHAKE_IN || key.what == TW_REPEAT_HANDSHAKE_OUT; }

}  // namespace

bool HeldBack::Less::operator()(const tw_held_key& a, const tw_held_key& b) const { return std::memcmp(&a, &b, sizeof(a)) < 0; }

HeldBack::HeldBack(int fd, unsigned cpus, bool reasons_told, std::uint64_t now_ns)
    : fd_(fd), reasons_told_(reasons_told), began_ns_(now_ns), last_ns_(now_ns), by_cpu_(cpus) {
    for (std::uint8_t what = 1; what <= TW_REPEATS_KINDS; ++what) {
        tw_held_key others{};
        others.what = what;
        bpf_map_update_elem(fd_, &others, by_cpu_.data(), BPF_NOEXIST);
    }
}

std::string HeldBack::record(const tw_held_key& key, std::uint64_t added, std::uint64_t from_ns, std::uint64_t to_ns, bool reasons_told) {
    RecordBuilder<tw_repeats> record(TW_REPEATS, TW_PROBE_COLLECTOR);
    record.head.time_ns = to_ns;
    record.head.netns = key.netns;
    record.body.from_ns = from_ns;
    record.body.to_ns = to_ns;
    record.body.count = added;
    record.body.what = key.what;
    if (is_others(key)) return record.bytes(Flow{});
    record.body.prefix_length = key.family == AF_INET6 ? 48 : 24;
    if (key.what == TW_REPEAT_DROP || (key.what == TW_REPEAT_RESET_OUT && reasons_told)) {
        record.body.reason = key.reason;
        record.body.flags |= TW_RESET_REASON;
    }
    std::uint8_t prefix[16]{};
    std::memcpy(prefix, key.prefix, sizeof(key.prefix));
    Flow flow;
    flow.peer.address = key.family == AF_INET6 ? Address::ipv6(prefix) : Address::ipv4(prefix);
    (key.side == TW_SIDE_LOCAL ? flow.local.port : flow.peer.port) = key.port;
    return record.bytes(flow);
}

void HeldBack::tell(const tw_held_key& key, std::uint64_t count, std::uint64_t now_ns, const Emit& emit) {
    constexpr std::uint64_t wait_ns = (TW_KEPT_SECONDS + 1) * std::uint64_t{1'000'000'000};
    const std::uint64_t from_ns = waited(key) ? std::max(began_ns_, last_ns_ - std::min(last_ns_, wait_ns)) : last_ns_;
    const std::string bytes = record(key, count, from_ns, now_ns, reasons_told_);
    total_ += count;
    emit(bytes.data(), bytes.size());
}

void HeldBack::look(std::uint64_t now_ns, const Emit& emit) {
    std::vector<tw_held_key> keys;
    tw_held_key key{}, next{};
    for (const tw_held_key* after = nullptr; bpf_map_get_next_key(fd_, after, &next) == 0; after = &key) {
        keys.push_back(next);
        key = next;
        if (keys.size() > TW_HELD_ENTRIES) break;  // an entry that went away meanwhile starts the walk again
    }
    for (const tw_held_key& each : keys) {
        if (bpf_map_lookup_elem(fd_, &each, by_cpu_.data()) != 0) continue;
        const std::uint64_t count = std::accumulate(by_cpu_.begin(), by_cpu_.end(), std::uint64_t{0});
        Seen& seen = seen_[each];
        std::uint64_t grown = count - seen.count;
        if (const auto added = added_.extract(each)) grown += added.mapped();
        if (grown == 0) {
            if (is_others(each) || now_ns - seen.grown_ns < keep_ns) continue;
            bpf_map_delete_elem(fd_, &each);
            seen_.erase(each);
            continue;
        }
        seen = {count, now_ns};
        tell(each, grown, now_ns, emit);
    }
    for (const auto& [each, count] : added_) tell(each, count, now_ns, emit);
    added_.clear();
    last_ns_ = now_ns;
}

}  // namespace tcpwitness
