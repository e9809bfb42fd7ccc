#include "live/drop_reasons.h"

#include <set>
#include <string_view>

namespace tcpwitness {

namespace {

constexpr std::string_view prefix = "SKB_DROP_REASON_";

const std::set<std::string_view>& harmless() {
    static const std::set<std::string_view> names = {
        // used up, thrown away with its socket, or nobody knows why (kernels name ever more of these)
        "SKB_NOT_DROPPED_YET", "SKB_CONSUMED", "SKB_DROP_REASON_NOT_SPECIFIED", "SKB_DROP_REASON_SOCKET_CLOSE", "SKB_DROP_REASON_QUEUE_PURGE",
        // not for this host, or a copy for somebody who listens in
        "SKB_DROP_REASON_OTHERHOST", "SKB_DROP_REASON_UNICAST_IN_L2_MULTICAST", "SKB_DROP_REASON_UNHANDLED_PROTO",
        "SKB_DROP_REASON_PACKET_SOCK_ERROR", "SKB_DROP_REASON_LOCAL_MAC", "SKB_DROP_REASON_DUP_FRAG",
        // answered by a RST, or one itself: reset_sent and reset_received tell it
        "SKB_DROP_REASON_NO_SOCKET", "SKB_DROP_REASON_TCP_RESET", "SKB_DROP_REASON_TCP_ABORT_ON_DATA", "SKB_DROP_REASON_TCP_CLOSE",
        // comes twice, late or out of its window: everyday life after a retransmit, around a close, at a zero window
        "SKB_DROP_REASON_TCP_OLD_DATA", "SKB_DROP_REASON_TCP_OLD_SEQUENCE", "SKB_DROP_REASON_TCP_OLD_ACK", "SKB_DROP_REASON_TCP_TOO_OLD_ACK",
        "SKB_DROP_REASON_TCP_ACK_UNSENT_DATA", "SKB_DROP_REASON_TCP_OFOMERGE", "SKB_DROP_REASON_TCP_OVERWINDOW",
        "SKB_DROP_REASON_TCP_ZEROWINDOW", "SKB_DROP_REASON_TCP_INVALID_SEQUENCE", "SKB_DROP_REASON_TCP_INVALID_END_SEQUENCE",
        "SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE", "SKB_DROP_REASON_TCP_INVALID_SYN", "SKB_DROP_REASON_TCP_FLAGS",
        "SKB_DROP_REASON_TCP_FASTOPEN", "SKB_DROP_REASON_TCP_RFC7323_TW_PAWS", "SKB_DROP_REASON_TCP_RFC7323_PAWS_ACK",
    };
    return names;
}

}  // namespace

std::map<std::uint32_t, std::string> drop_reasons(const Kernel& kernel) {
    static constexpr struct {
        const char *name, *module;
    } enums[] = {{"skb_drop_reason", ""}, {"mac80211_drop_reason", "mac80211"}, {"ovs_drop_reason", "openvswitch"}};
    std::map<std::uint32_t, std::string> reasons;
    for (const auto& [name, module] : enums)
        for (const auto& [number, reason] : kernel.enumerators(name, module)) reasons.emplace(static_cast<std::uint32_t>(number), reason);
    return reasons;
}

std::array<std::uint64_t, TW_DROP_REASONS / 64> harmless_drops(const std::map<std::uint32_t, std::string>& reasons) {
    std::array<std::uint64_t, TW_DROP_REASONS / 64> bits{};
    for (const auto& [number, name] : reasons)
        if (number < TW_DROP_REASONS && harmless().contains(name)) bits[number / 64] |= std::uint64_t{1} << number % 64;
    return bits;
}

std::uint32_t drop_reason_number(const std::map<std::uint32_t, std::string>& reasons, const std::string& name) {
    for (const auto& [number, reason] : reasons)
        if (reason.starts_with(prefix) && reason.substr(prefix.size()) == name) return number;
    return UINT32_MAX;
}

}  // namespace tcpwitness
