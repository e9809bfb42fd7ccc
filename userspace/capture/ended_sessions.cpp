#include "capture/ended_sessions.h"

#include "model/event.h"

namespace tcpwitness {

namespace {

constexpr std::size_t most_resets = 100'000;

bool is_control(const LoggedPacket& packet) { return packet.flags & (tcp_flag::syn | tcp_flag::fin | tcp_flag::rst); }

}  // namespace

bool EndedSessions::only_resets(const Session& session) const {
    const std::uint32_t packets = session.sides[0].wire.packets + session.sides[1].wire.packets;
    return session.preexisting && packets == 1 && session.reset() && !session.icmp;
}

void EndedSessions::add(Session& session) {
    ends.learn(session);
    const bool stray = only_resets(session);
    if (stray ? resets.size() >= most_resets : ended.size() >= options_.max_listed) {
        ++not_listed;
        session.log.clear(pool_);
        return;
    }
    if (!large && pool_.in_use() * LogPool::per_chunk > options_.keep_packets) forget_quiet_logs();
    EndedSession one = end_session(session, facts_.add(wire_facts(session)));
    if (large && one.interests == 0) thin_out(one.log);
    (stray ? resets : ended).push_back(std::move(one));
}

/// What another witness may be asked about stays: a few packets in chunks of their own.
void EndedSessions::thin_out(PacketLog& log) {
    PacketLog control;
    constexpr std::uint32_t few_chunks = 4;
    if (options_.keep_all_control)
        log.for_each(pool_, [&](const LoggedPacket& packet) {
            if (!is_control(packet)) return;
            const LoggedPacket copy = packet;  // the pool may grow
            control.add(pool_, copy, few_chunks);
        });
    log.clear(pool_);
    log = control;
}

void EndedSessions::forget_quiet_logs() {
    if (large) return;
    large = true;
    ended.for_each([&](EndedSession& one) {
        if (one.interests == 0) thin_out(one.log);
    });
}

}  // namespace tcpwitness
