#include "capture/telling.h"

#include "model/event.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t pause_ns = 1'000'000'000;
constexpr std::uint8_t after = 4;

bool tells(const Session& session, bool from_server, const Packet& packet, const Before& before, std::uint32_t marks, std::uint64_t now_ns) {
    const Side& self = session.side(from_server);
    if (packet.flags & (tcp_flag::syn | tcp_flag::fin | tcp_flag::rst)) return true;
    if (since_ns(session.last_ns, now_ns) >= pause_ns || (before.own_ns && since_ns(before.own_ns, now_ns) >= pause_ns)) return true;
    if (before.own_closed != (self.closed_since_ns != 0)) return true;
    return marks & segment_mark::rto && self.rounds > 1;
}

}  // namespace

void keep_telling(Session& session, bool from_server, const Packet& packet, const Before& before, std::uint32_t marks, std::uint64_t now_ns, LogHandle log, LogPool& pool) {
    if (tells(session, from_server, packet, before, marks, now_ns)) {
        for (const LogHandle earlier : session.last_logs)
            if (earlier != no_log) pool.at(earlier).telling = 1;
        session.keep_more = after + 1;
    }
    // The ACK that ends a loss is kept alone: there may be very many.
    if (before.peer_resends && session.side(!from_server).resent == 0) pool.at(log).telling = 1;
    if (session.keep_more) {
        --session.keep_more;
        pool.at(log).telling = 1;
    }
    session.last_logs[session.next_log++ % session.last_logs.size()] = log;
}

}  // namespace tcpwitness
