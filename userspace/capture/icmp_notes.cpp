#include "capture/icmp_notes.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <limits>

#include "model/marker.h"
#include "parsers/packet_headers.h"

namespace tcpwitness {

namespace {

constexpr std::size_t most_held = 200'000, most_of_one = 64;

Event event_of(const CapturedPacket& captured, const Packet& packet) {
    Event event;
    event.id = captured.frame;
    event.time_ns = captured.time_ns;
    event.flow = flow_of(packet);
    Icmp icmp;
    icmp.v6 = packet.icmp_v6;
    icmp.type = packet.icmp_type;
    icmp.code = packet.icmp_code;
    icmp.ttl = packet.ttl;
    icmp.frame = captured.frame;
    icmp.mtu = packet.icmp_mtu;
    icmp.quoted_seq = packet.seq;
    icmp.quoted_bytes = packet.quoted_bytes;
    icmp.sender = packet.icmp_sender;
    icmp.receiver = packet.icmp_receiver;
    icmp.echo_id = packet.echo_id;
    icmp.echo_seq = packet.echo_seq;
    if (packet.kind == Packet::Kind::echo_request) {
        icmp.echo_payload = static_cast<std::uint16_t>(std::min<std::uint32_t>(packet.payload, std::numeric_limits<std::uint16_t>::max()));
        icmp.marker = marker_name(packet.data);
        icmp.sender = packet.source;
        icmp.receiver = packet.destination;
        event.flow = {{packet.source, 0}, {packet.destination, 0}};
    }
    event.body = std::move(icmp);
    return event;
}

}  // namespace

std::int32_t errno_of(const Packet& packet) {
    static constexpr std::int32_t v4[] = {ENETUNREACH, EHOSTUNREACH, ENOPROTOOPT, ECONNREFUSED, 0,         EOPNOTSUPP,   ENETUNREACH,  EHOSTDOWN,
                                          ENONET,      ENETUNREACH,  EHOSTUNREACH, ENETUNREACH, EHOSTUNREACH, EHOSTUNREACH, EHOSTUNREACH, EHOSTUNREACH};
    static constexpr std::int32_t v6[] = {ENETUNREACH, EACCES, EHOSTUNREACH, EHOSTUNREACH, ECONNREFUSED, EACCES, EACCES};  // net/ipv6/icmp.c
    if (packet.icmp_v6) return packet.icmp_type == 1 && packet.icmp_code < std::size(v6) ? v6[packet.icmp_code] : 0;
    return packet.icmp_type == 3 && packet.icmp_code < std::size(v4) ? v4[packet.icmp_code] : 0;
}

void IcmpNotes::add(const CapturedPacket& captured, const Packet& packet, Session* about) {
    if (held_ >= most_held) return;
    if (!about) {
        ++held_;
        unmatched_.push_back(event_of(captured, packet));
        return;
    }
    std::vector<Event>& events = by_stream_[about->stream];
    if (events.size() >= most_of_one) return;
    ++held_;
    events.push_back(event_of(captured, packet));
}

std::vector<Event> IcmpNotes::take(std::uint32_t stream, const Flow& own) {
    const auto found = by_stream_.find(stream);
    if (found == by_stream_.end()) return {};
    std::vector<Event> events = std::move(found->second);
    by_stream_.erase(found);
    for (Event& event : events) {
        Icmp& icmp = *event.as<Icmp>();
        icmp.outgoing = icmp.sender == own.local.address;
        event.flow = own;
    }
    return events;
}

}  // namespace tcpwitness
