#include "findings/reset_in_packets.h"

#include <algorithm>

#include "findings/benign.h"
#include "findings/connect_given_up.h"
#include "findings/packets_alone.h"
#include "findings/segments.h"
#include "model/sequence.h"

namespace tcpwitness {

namespace {

constexpr std::uint32_t good_bye = 64;        ///< bytes: a TLS close_notify, "QUIT"
constexpr std::uint32_t good_byes = 256;      ///< several of them: HTTP/2's GOAWAY and an answered ping with it, "221 closing connection", one that is padded
constexpr std::uint64_t soon_ns = 200'000'000;   ///< who has got a FIN says good-bye at once; a request on a stale connection comes later
constexpr std::uint64_t at_once_ns = 20'000'000; ///< a kernel answers without waiting for a process, perhaps some hops from the capture

/// One end of the session, as far as its segments went.
struct Sender {
    std::optional<std::uint32_t> begin, end;  ///< numbers of its data
    const Event* last_data = nullptr;
    const Event* fin = nullptr;
    std::uint32_t acked = 0;                  ///< its last acknowledgement
    bool acks = false;

    void take(const Event& event, const Segment& segment) {
        if (segment.flags & tcp_flag::ack) acked = segment.ack, acks = true;
        if (segment.rst()) return;
        const std::uint32_t first = segment.seq + (segment.syn() || segment.syn_ack() ? 1 : 0);
        if (!begin) begin = end = first;
        if (seq_before(*end, segment.seq + segment.payload)) end = segment.seq + segment.payload;
        if (segment.payload) last_data = &event;
        if (segment.fin()) fin = &event;
    }
    std::uint32_t bytes() const { return begin ? *end - *begin : 0; }
};

std::uint32_t bytes_between(std::uint32_t from, std::uint32_t to) { return seq_before(from, to) ? to - from : 0; }

/// Who closed had its answer before: what it sent since is no request, and what it did not read is no answer. `knew`: the other end had got the FIN, and
/// spoke at once. `began_before` the capture: what was asked and answered then is not known.
bool nothing_was_wanted(const Sender& closer, const Segment& fin, const Sender& other_before, std::uint32_t after_close, bool client, bool knew, bool began_before) {
    if (!client) return closer.bytes() && after_close <= (knew ? good_byes : good_bye);
    if (!other_before.last_data) return began_before && after_close <= good_bye;
    if (after_close > good_byes) return false;
    const Segment& answer = *other_before.last_data->as<Segment>();
    return bytes_between(answer.ack, fin.seq + fin.payload) <= good_bye * 2;
}

/// Who closed got nothing more but ACKs and keepalives. The other end has all that was sent and owes nothing, so that the RST takes nothing away.
bool nothing_was_under_way(const Sender (&ends)[2], const Sender (&at_fin)[2], const Segment& fin, bool closer, bool client, bool began_before) {
    const Sender &own = ends[closer], &other = ends[!closer];
    if (!other.acks) return began_before && client && !own.last_data;  // a client that leaves; the capture has nothing else of it
    if (seq_before(other.acked, fin.seq + fin.payload + (client ? 0 : 1))) return false;
    const Event* answer = at_fin[!closer].last_data;
    if (client) return answer ? bytes_between(answer->as<Segment>()->ack, fin.seq + fin.payload) <= good_bye * 2 : began_before;
    return own.bytes() > 0 || (began_before && !other.last_data);
}

/// The other end had closed, and who reset had all of its data by then. `began_before` the capture: of a client's FIN and the RST that answers it, and nothing
/// else, no more is known than that the client wanted no more.
bool nothing_was_cut_off(const Sender& resetter, const Sender& closer, const Segment& fin, bool client, bool began_before) {
    if (began_before && !client && !resetter.acks && !resetter.last_data && !closer.last_data) return true;
    if (!resetter.acks || seq_before(resetter.acked, fin.seq + fin.payload)) return false;
    if (client) return closer.bytes() && (!closer.last_data || bytes_between(closer.last_data->as<Segment>()->ack, *resetter.end) <= good_bye * 2);
    // A client that closes its half may still wait for an answer: not where the answer had come before that.
    return resetter.last_data && closer.last_data && bytes_between(resetter.last_data->as<Segment>()->ack, *closer.end) <= good_bye * 2 &&
           bytes_between(closer.acked, *resetter.end) <= good_bye;
}

}  // namespace

std::optional<ResetAfterFin> reset_after_fin(const Connection& c) {
    if (!by_packets(c) || c.role == Role::unknown) return std::nullopt;
    Sender ends[2], at_fin[2];  // [1]: this end; as they stood when the first FIN came
    ResetAfterFin found;
    for (const Event* event : segments_of(c)) {
        const Segment& segment = *event->as<Segment>();
        Sender& sender = ends[segment.outgoing];
        if (segment.rst()) {
            if (!found.reset) sender.take(*event, segment);
            if (!found.reset) found.reset = event;
            continue;
        }
        const bool first_fin = segment.fin() && !found.fin;
        if (first_fin && found.reset) return std::nullopt;
        if (segment.fin() && found.fin && !found.reset && found.fin->as<Segment>()->outgoing != segment.outgoing) return std::nullopt;  // both closed: late
        if (first_fin) {
            found.fin = event;
            std::copy(std::begin(ends), std::end(ends), std::begin(at_fin));
        }
        sender.take(*event, segment);
    }
    if (!found.reset || !found.fin) return std::nullopt;
    const bool resetter = found.reset->as<Segment>()->outgoing;
    const Segment& fin = *found.fin->as<Segment>();
    found.by_closer = fin.outgoing == resetter;
    const bool closer = fin.outgoing;
    const bool client = resetter == (c.role == Role::client);
    if (found.by_closer) {
        if (ends[!closer].end) found.after_close = bytes_between(fin.ack, *ends[!closer].end);
        bool answered = false, knew = true;
        for (const Event& event : c.events) {
            const Segment* segment = event.as<Segment>();
            if (!segment || segment->outgoing == closer || segment->rst() || !(segment->payload || segment->fin()) || !seq_before(fin.ack, end_of(*segment))) continue;
            answered = true;
            knew = knew && !seq_before(segment->ack, end_of(fin)) && event.time_ns - std::min(found.fin->time_ns, event.time_ns) <= soon_ns;
        }
        if (!answered && nothing_was_under_way(ends, at_fin, fin, closer, client, c.preexisting)) found.harmless = benign::abort_after_exchange;
        if (answered && nothing_was_wanted(ends[closer], fin, at_fin[!closer], found.after_close, client, knew, c.preexisting)) found.harmless = benign::abort_after_exchange;
    } else if (nothing_was_cut_off(ends[resetter], ends[closer], fin, client, c.preexisting)) {
        found.harmless = benign::abort_after_exchange;
    }
    return found;
}

bool withdrawn_in_handshake(const Connection& c) {
    if (!by_packets(c) || on_the_way(c) || c.role != Role::client || c.has(sign::established)) return false;
    const Event *syn = nullptr, *syn_ack = nullptr, *reset = nullptr;
    for (const Event* event : segments_of(c)) {  // a SYN after the RST would show that its host did not send it
        const Segment& segment = *event->as<Segment>();
        if (segment.syn() && segment.outgoing && !syn) syn = event;
        else if (segment.syn_ack() && !segment.outgoing && syn && !syn_ack) syn_ack = event;
        else if (segment.rst() && segment.outgoing && syn_ack && !reset) reset = event;
        else return false;
    }
    if (!reset) return false;
    // A kernel without the socket answers with what the SYN-ACK acknowledged. A RST with an ACK, or behind data, comes of an open connection whose ACKs were not captured.
    const Segment& answer = *reset->as<Segment>();
    if (answer.flags & tcp_flag::ack || answer.seq != syn->as<Segment>()->seq + 1) return false;
    return reset->time_ns - syn_ack->time_ns <= at_once_ns && reset->time_ns - syn->time_ns < 5 * answer_due_ns;
}

}  // namespace tcpwitness
