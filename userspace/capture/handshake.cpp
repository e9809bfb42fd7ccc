#include "capture/handshake.h"

#include <algorithm>
#include <limits>

#include "model/event.h"

namespace tcpwitness {

namespace {

constexpr std::uint16_t first_unprivileged_port = 1024;
constexpr std::uint64_t slow_handshake_ns = 1'500'000'000;  // findings/handshake_slow.cpp
// A SYN with another ISN into a session that lives may be forged or stray (RFC 5961, 4); after so long it is its host that knows no old session.
constexpr std::uint64_t forgotten_ns = 300'000'000'000;

std::uint8_t kind(const Packet& packet) { return packet.flags & (tcp_flag::syn | tcp_flag::ack | tcp_flag::rst); }
bool is_syn(const Packet& packet) { return kind(packet) == tcp_flag::syn; }
bool is_syn_ack(const Packet& packet) { return kind(packet) == (tcp_flag::syn | tcp_flag::ack); }

std::uint32_t microseconds(std::uint64_t from_ns, std::uint64_t to_ns) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(std::max<std::uint64_t>(since_ns(from_ns, to_ns) / 1'000, 1), std::numeric_limits<std::uint32_t>::max()));
}

void take_syn_options(Side& side, const Packet& packet) {
    if (packet.mss) side.wire.mss = packet.mss;
    side.wire.window_scale = packet.window_scale;
    side.sack_permitted = packet.sack_permitted;
    if (side.syns < std::numeric_limits<std::uint16_t>::max()) ++side.syns;
}

void open(Session& session, std::uint64_t now_ns) {
    session.established = true;
    if (session.preexisting) return;
    session.established_ns = now_ns;
    if (session.last_syn_ns && session.syn_ack_ns) session.handshake_rtt_us = microseconds(session.last_syn_ns, now_ns);
    if (since_ns(session.syn_ns, now_ns) >= slow_handshake_ns) session.interests |= interest::slow_handshake;
}

void take_reset(Session& session, bool from_server, const Packet& packet) {
    Side& self = session.side(from_server);
    if (session.both_closed()) {
        self.late_rst = true;
        return;
    }
    if (!session.reset()) self.first_rst = true;
    self.rst = true;
    session.interests |= interest::reset;
    const Side& peer = session.side(!from_server);
    if (from_server && self.syns == 0 && peer.syns && !session.established && packet.flags & tcp_flag::ack) session.knock = true;
}

}  // namespace

bool client_sends(const Packet& packet) {
    if (is_syn(packet)) return true;
    if (is_syn_ack(packet)) return false;
    const bool from_service = packet.source_port < first_unprivileged_port, to_service = packet.destination_port < first_unprivileged_port;
    return from_service == to_service || to_service;
}

bool begins_anew(const Session& session, bool from_server, const Packet& packet, std::uint64_t now_ns) {
    const Side& self = session.side(from_server);
    const Side& peer = session.side(!from_server);
    if (is_syn(packet)) {
        const bool forgotten = since_ns(session.last_ns, now_ns) >= forgotten_ns;
        if (self.has_isn) return packet.seq != self.isn && (session.over() || !session.established || forgotten);
        return session.over() || session.preexisting;  // else both ends open at the same time
    }
    if (is_syn_ack(packet)) {
        const bool answers = peer.has_isn && packet.ack == peer.isn + 1;
        const bool again = self.has_isn && packet.seq == self.isn;
        return !answers && !again && (session.over() || session.preexisting);
    }
    return false;
}

void take_handshake(Session& session, bool from_server, const Packet& packet, std::uint64_t now_ns) {
    Side& self = session.side(from_server);
    Side& peer = session.side(!from_server);
    if (packet.flags & tcp_flag::rst) return take_reset(session, from_server, packet);
    if (packet.flags & tcp_flag::syn) {
        take_syn_options(self, packet);
        if (is_syn(packet) && !from_server) {
            if (!session.syn_ns) session.syn_ns = now_ns;
            session.last_syn_ns = now_ns;
        } else if (!session.syn_ack_ns && peer.has_isn && packet.ack == peer.isn + 1) {
            session.syn_ack_ns = now_ns;
            if (session.last_syn_ns) session.syn_ack_us = microseconds(session.last_syn_ns, now_ns);
        }
    } else if (!session.established) {
        // The ACK of the SYN-ACK, or whatever shows that it came though it was not captured.
        const bool ends_handshake = from_server ? packet.payload && peer.has_isn : self.has_isn && peer.has_isn && packet.ack == peer.isn + 1;
        if (session.preexisting || ends_handshake || (!from_server && peer.has_isn && packet.payload)) open(session, now_ns);
    }
    if (packet.flags & tcp_flag::fin) self.fin = true;
}

}  // namespace tcpwitness
