#include "findings/harmless_reset.h"

#include <algorithm>

#include "findings/benign.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t check_ns = 1'000'000'000;      ///< a check that sends nothing is over by then
constexpr std::uint32_t answer_at_once_ms = 100;       ///< an early answer goes right before the close that resets
constexpr std::uint32_t sending_ms = 20;               ///< who sent something so shortly before the RST was still at it, and fails there before it reads
constexpr std::uint32_t small_answer = 64 * 1024;      ///< of a larger one nobody knows whether it was all

constexpr std::uint32_t no_count = 1u << 31;           ///< beyond 2 GB the numbers cannot tell

const TcpNumbers* numbers(const Event* event) {
    if (!event) return nullptr;
    const ResetSent* sent = event->as<ResetSent>();
    const ResetReceived* received = event->as<ResetReceived>();
    const TcpNumbers* tcp = sent ? &sent->tcp : received ? &received->tcp : nullptr;
    return tcp && tcp->told && (tcp->snd_una || tcp->rcv_nxt) ? tcp : nullptr;
}

std::uint32_t less(std::uint32_t bytes, bool fin) { return fin && bytes ? bytes - 1 : bytes; }
bool own_fin(const Connection& c) { return c.has(sign::local_closed | sign::fin_out); }
bool their_fin(const Connection& c) { return c.has(sign::peer_closed | sign::fin_in); }

/// By the numbers of the RST itself, what its sender had sent and got. (A socket's own are gone: tcp_disconnect() wipes them before it sends the RST.)
struct Exchange {
    std::uint32_t sent = 0, got = 0;
};
std::optional<Exchange> exchange(const Connection& c, bool outgoing) {
    if (!c.local_isn || !c.peer_isn) return std::nullopt;
    const auto resets = packets(c, [&](const Segment& segment) { return segment.rst() && segment.outgoing == outgoing && (segment.flags & tcp_flag::ack); });
    if (resets.empty()) return std::nullopt;
    const Segment& rst = *resets.front()->as<Segment>();
    Exchange e;
    e.sent = less(rst.seq - (outgoing ? *c.local_isn : *c.peer_isn) - 1, outgoing ? own_fin(c) : their_fin(c));
    e.got = less(rst.ack - (outgoing ? *c.peer_isn : *c.local_isn) - 1, outgoing ? their_fin(c) : own_fin(c));
    return e.sent < no_count && e.got < no_count ? std::optional(e) : std::nullopt;
}

/// All that this end wrote, sent or not. Of one that did not reset itself.
std::optional<std::uint32_t> written(const Connection& c, const Event* reset) {
    const TcpNumbers* tcp = numbers(reset);
    if (!tcp || !c.local_isn) return std::nullopt;
    const std::uint32_t bytes = less(tcp->write_seq - *c.local_isn - 1, own_fin(c));
    return bytes < no_count ? std::optional(bytes) : std::nullopt;
}

/// A close_notify alert of TLS 1.3 or 1.2, as it is sent with today's ciphers.
bool good_bye(std::uint32_t bytes) { return bytes == 24 || bytes == 31; }

/// This end asked the other one, as far as anything tells: its role, that of the other end, or the ports of both.
bool asks(const Story& story, const Connection& c) {
    constexpr std::uint16_t ephemeral = 32768;
    if (c.role != Role::unknown) return c.role == Role::client;
    const Connection* other = story.other_end(c);
    if (other && other->role != Role::unknown) return other->role == Role::server;
    return c.flow.local.port >= ephemeral && c.flow.peer.port < ephemeral;
}

/// A client throws away a connection of its pool that was open before the recording began: idle at both ends, and nothing of it was under way.
bool idle_pool(const Story& story, const Connection& c, bool sent_here, const TcpNumbers& tcp) {
    constexpr std::uint32_t idle_ms = 1000;
    if (!c.preexisting || c.established_ns || by_packets(c) || asks(story, c) != sent_here) return false;
    return !tcp.unread() && !tcp.unacknowledged() && tcp.recv_idle_ms >= idle_ms && tcp.send_idle_ms >= idle_ms && !c.has(sign::retransmit | sign::peer_closed);
}

}  // namespace

const char* harmless_reset(const Story& story, const Connection& c, const Event& reset) {
    const bool sent_here = reset.as<ResetSent>() != nullptr;
    const TcpNumbers* tcp = numbers(&reset);
    const auto told = exchange(c, sent_here);
    if (tcp && idle_pool(story, c, sent_here, *tcp)) return benign::abort_after_exchange;
    if (!tcp || !told || by_packets(c) || !c.established_ns || c.role == Role::unknown) return nullptr;
    const bool client_here = c.role == Role::client;
    const Connection* other = story.other_end(c);
    if (client_here == sent_here) {  // the client did it
        if (sent_here && less(tcp->unread(), their_fin(c))) return nullptr;
        const auto answer = client_here ? (other ? written(*other, first<ResetReceived>(*other)) : std::nullopt) : written(c, &reset);
        // It cut an answer off. Whether the RST's number counts the answer's FIN depends on which of them was sent first.
        const bool answered_with_fin = client_here ? their_fin(c) : own_fin(c);
        if (answer && *answer > told->got + answered_with_fin) return nullptr;
        if (!told->sent && !told->got) return reset.time_ns - *c.established_ns <= check_ns ? benign::health_check : nullptr;
        const std::uint32_t answered_ms = client_here ? tcp->recv_idle_ms : tcp->send_idle_ms, asked_ms = client_here ? tcp->send_idle_ms : tcp->recv_idle_ms;
        const bool whole = answer || their_fin(c) || told->got <= small_answer;
        return told->got && answered_ms <= asked_ms && whole ? benign::abort_after_exchange : nullptr;
    }
    // The server answered early and closed with the rest of the request unread: what matters is whether the answer arrived.
    if (client_here || tcp->send_idle_ms > answer_at_once_ms) return nullptr;
    const auto answer = written(c, &reset);
    if (!answer || !*answer) return nullptr;
    const TcpNumbers* client = other ? numbers(first<ResetReceived>(*other)) : nullptr;
    if (client ? client->send_idle_ms < sending_ms && less(client->unread(), their_fin(*other)) : tcp->recv_idle_ms < tcp->send_idle_ms) return nullptr;
    const bool arrived = client && other->peer_isn ? less(client->rcv_nxt - *other->peer_isn - 1, their_fin(*other)) == *answer : !less(tcp->unacknowledged(), own_fin(c));
    return arrived ? benign::abort_after_exchange : nullptr;
}

bool said_good_bye(const Connection& c, const Event& reset) {
    const TcpNumbers* tcp = numbers(&reset);
    if (!tcp || !reset.as<ResetReceived>() || c.role != Role::client || !their_fin(c)) return false;
    return !less(tcp->unread(), true) && good_bye(less(tcp->unacknowledged(), own_fin(c)));
}

bool answers_good_bye(const Story& story, const Connection& c, const Event& reset) {
    if (c.role != Role::server || !c.local_isn) return false;  // what a client does not want to read any more may be an answer
    const Segment *answered = nullptr, *theirs = nullptr;      // the FINs of both
    for (const Event& event : c.events)
        if (const Segment* segment = event.as<Segment>(); segment && segment->fin()) (segment->outgoing ? answered : theirs) = segment;
    if (!answered || answered->seq + answered->payload == *c.local_isn + 1) return false;  // it had sent nothing
    const Connection* other = story.other_end(c);
    if (const TcpNumbers* tcp = other ? numbers(first<ResetReceived>(*other)) : nullptr) return good_bye(less(tcp->unacknowledged(), own_fin(*other)));
    const ResetSent& sent = *reset.as<ResetSent>();
    return theirs && sent.answers_segment && good_bye(theirs->seq + theirs->payload - sent.seq);
}

}  // namespace tcpwitness
