#include "capture/copies.h"

#include <algorithm>
#include <cstring>

#include "model/event.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t surely_within_ns = 100'000;   ///< no sender is so quick
constexpr std::uint64_t copy_within_ns = 50'000'000;  ///< a mirror's queue; where something tells that it is no resend
constexpr std::uint64_t syn_within_ns = 100'000'000;  ///< no stack sends a SYN again so soon, whatever else in it differs
constexpr int time_shift = 16;

std::uint64_t blend(std::uint64_t value, std::uint64_t more) { return (value ^ more) * 0x9e3779b97f4a7c15ull; }

std::uint64_t print_of(const Packet& packet, std::uint32_t hash) {
    std::uint64_t print = blend(std::uint64_t{hash} << 16 | packet.source_port, std::uint64_t{packet.seq} << 32 | packet.ack);
    if (packet.flags & tcp_flag::syn) return blend(print ^ print >> 29, packet.flags) | 1;
    print = blend(print ^ print >> 29, std::uint64_t{packet.payload} << 32 | std::uint32_t{packet.window} << 16 | packet.ip_id);
    print = blend(print ^ print >> 31, std::uint64_t{packet.tsval} << 32 | std::uint32_t{packet.flags} << 8 | packet.sack_count);
    if (packet.sack_count) print = blend(print ^ print >> 30, std::uint64_t{packet.sack[0].left} << 32 | packet.sack[0].right);
    return print ^ print >> 32;
}

/// Interface, sender's link address, headers around it: what differs there was seen at another place.
std::uint8_t place_of(const Packet& packet, std::uint32_t interface) {
    std::uint64_t mac = 0;
    if (packet.has_mac) std::memcpy(&mac, packet.source_mac.data(), packet.source_mac.size());
    return static_cast<std::uint8_t>(blend(blend(mac, interface), packet.ip_at) >> 56);
}

}  // namespace

bool Copies::seen_before(const Packet& packet, std::uint32_t hash, std::uint32_t interface, std::uint64_t now_ns) {
    const std::uint64_t print = print_of(packet, hash);
    const std::uint64_t seen = now_ns << time_shift | std::uint64_t{packet.ttl} << 8 | place_of(packet, interface);
    Set& set = sets_[print % most_sets];
    for (const One& one : set.packets) {
        if (one.print != print) continue;
        const std::uint64_t later = (seen >> time_shift) - (one.seen >> time_shift), apart = std::min(later, ~later + 1) & (~std::uint64_t{0} >> time_shift);
        const bool syn = packet.flags & tcp_flag::syn;
        if (apart > (syn ? syn_within_ns : copy_within_ns)) continue;
        // A receiver may well send the same bare ACK, or RST, twice at once, and a sender the same data again: only the IP id, or another place, tells a
        // copy then. A SYN is not sent again so soon.
        const bool elsewhere = (one.seen ^ seen) & ((1u << time_shift) - 1);
        const bool told = elsewhere || packet.ip_id != 0 || syn;
        if (told || (apart <= surely_within_ns && packet.length_in_sequence() > 0)) return true;
    }
    set.packets[next_++ % set.packets.size()] = {print, seen};
    return false;
}

}  // namespace tcpwitness
