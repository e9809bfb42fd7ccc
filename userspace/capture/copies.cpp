#include "capture/copies.h"

#include "model/event.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t same_within_ns = 100'000;
constexpr std::uint64_t interface_bits = 0xff;

std::uint64_t blend(std::uint64_t value, std::uint64_t more) { return (value ^ more) * 0x9e3779b97f4a7c15ull; }

std::uint64_t print_of(const Packet& packet, bool from_server) {
    std::uint64_t print = blend(from_server, std::uint64_t{packet.seq} << 32 | packet.ack);
    print = blend(print ^ print >> 29, std::uint64_t{packet.payload} << 32 | std::uint32_t{packet.window} << 16 | packet.ip_id);
    print = blend(print ^ print >> 31, std::uint64_t{packet.tsval} << 32 | std::uint32_t{packet.flags} << 8 | packet.sack_count);
    if (packet.sack_count) print = blend(print ^ print >> 30, std::uint64_t{packet.sack[0].left} << 32 | packet.sack[0].right);
    return print & ~interface_bits;
}

}  // namespace

bool seen_before(RecentPackets& recent, const Packet& packet, bool from_server, std::uint32_t interface, std::uint64_t now_ns) {
    const std::uint64_t print = print_of(packet, from_server), place = interface & interface_bits;
    // A receiver may well send the same bare ACK, or RST, twice at once; only its IP id, or the interface, then tells a copy.
    const bool may_repeat = packet.length_in_sequence() == 0 && packet.ip_id == 0;
    for (const RecentPackets::One& one : recent.packets) {
        if ((one.print & ~interface_bits) != print || one.time_ns == 0) continue;
        const std::uint64_t apart = now_ns > one.time_ns ? now_ns - one.time_ns : one.time_ns - now_ns;
        if (apart > same_within_ns) continue;
        if (!may_repeat || (one.print & interface_bits) != place) return true;
    }
    recent.packets[recent.next] = {print | place, now_ns};
    recent.next = static_cast<std::uint8_t>((recent.next + 1) % recent.packets.size());
    return false;
}

}  // namespace tcpwitness
