#include "findings/trouble.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "correlate/lifecycle.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"
#include "findings/segments.h"

namespace tcpwitness {

namespace {

constexpr std::uint8_t stalled_rounds = 3;
constexpr std::uint64_t answer_due_ns = 1'000'000'000;  ///< the first SYN is sent again after that

void add(std::vector<TroubleSign>& signs, Trouble what, const Event* event, std::uint64_t time_ns, std::string text) {
    signs.push_back({what, event, time_ns, std::move(text)});
}

void connect_trouble(std::vector<TroubleSign>& signs, const Story& story, const Connection& c) {
    const bool tried = c.has(sign::connect_called | sign::syn_sent | sign::syn_out) && c.role == Role::client;
    if (c.is_listener() || c.embryonic || c.has(sign::established) || c.established_ns) return;
    if (!tried) {
        if (!c.has(sign::bind_failed)) return;
        const Event* bound = nullptr;  // the last try: one that took another port instead is no trouble
        for (const Event& event : c.events)
            if (const Call* call = event.as<Call>(); call && call->op == Call::Op::bind && call->phase == Call::Phase::exit) bound = &event;
        if (bound && bound->as<Call>()->ret < 0) add(signs, Trouble::connect_failed, bound, bound->time_ns, "bind() failed with " + errno_name(-bound->as<Call>()->ret));
        return;
    }
    const auto syns = syns_sent(c);
    const std::uint64_t began = syns.empty() ? c.begin_ns : syns.front()->time_ns;
    const Event* result = failed_connect(c);
    const Event* error = last<SocketError>(c);
    if (c.error) {
        const Event* at = result ? result : error ? error : &c.events.back();
        return add(signs, Trouble::connect_failed, at, at->time_ns, fmt::format("connect() failed with {} after {}", errno_name(c.error), since(began, at->time_ns)));
    }
    if (c.has(sign::reset_received | sign::rst_in)) return;  // told as a reset
    if (answer_not_captured(story, c)) return;
    if (by_packets(c) && c.has(sign::syn_ack_in)) {
        const auto answers = packets(c, [](const Segment& segment) { return segment.syn_ack() && !segment.outgoing; });
        if (answers.size() > 1) add(signs, Trouble::handshake, answers.back(), answers.back()->time_ns, fmt::format("the SYN-ACK came {} and no ACK followed", count_text(answers.size(), "time", "times")));
        return;
    }
    const std::uint64_t end = watched_to(story, c);
    if (by_packets(c)) {  // an end that has a connection of these ports from before answers a SYN with the ACK of that one (RFC 9293, 3.10.7.4)
        const auto strange = packets(c, [](const Segment& segment) { return !segment.outgoing && segment.is(tcp_flag::ack); });
        if (!strange.empty())
            return add(signs, Trouble::connect_failed, strange.back(), end,
                       fmt::format("{} by ACKs that belong to another connection: the other end has one of the same ports from before",
                                   syns.size() == 1 ? "its SYN was answered" : fmt::format("its {} SYNs were answered", syns.size())));
    }
    if (!c.live() && c.has(sign::syn_sent | sign::syn_out))
        add(signs, Trouble::connect_failed, &c.events.back(), end, fmt::format("the socket was closed {} after the first SYN, before any answer", since(began, end)));
    else if (c.live() && !story.ongoing && end - std::min(end, began) >= answer_due_ns && c.has(sign::syn_sent | sign::syn_out))
        add(signs, Trouble::connect_failed, syns.empty() ? nullptr : syns.back(), end, fmt::format("no answer came to {} until the recording ended, {} after the first",
                                                                                                 count_text(syns.size(), "SYN", "SYNs"), since(began, end)));
}

void reset_trouble(std::vector<TroubleSign>& signs, const Connection& c) {
    bool ours = false, theirs = false;  // FINs seen so far
    for (const Event& event : c.events) {
        if (const StateChange* change = event.as<StateChange>()) {
            ours |= change->to == TcpState::fin_wait1 || change->to == TcpState::last_ack || change->to == TcpState::closing;
            theirs |= change->to == TcpState::close_wait || change->to == TcpState::closing || change->to == TcpState::time_wait || change->to == TcpState::last_ack;
        }
        const Segment* segment = event.as<Segment>();
        if (segment && segment->fin()) (segment->outgoing ? ours : theirs) = true;
        if (ours && theirs) return;
        const ResetSent* sent = event.as<ResetSent>();
        const bool in = event.as<ResetReceived>() || (segment && segment->rst() && !segment->outgoing);
        const bool out = sent || (segment && segment->rst() && segment->outgoing);
        if (!in && !out) continue;
        if (out && ours && answer_not_captured(c)) return;  // it had closed; what the other end did is not captured
        if (one_way(c) && (c.established_ns || answer_not_captured(c))) return;  // what the other end had sent, and whether it had closed, is not captured
        const char* when = c.embryonic ? "in the handshake" : c.established_ns || c.has(sign::established) || answer_not_captured(c) ? "in the open connection" : "before the connection was open";
        return add(signs, Trouble::reset, &event, event.time_ns, fmt::format("a RST {} {}", in ? "came in" : "was sent", when));
    }
}

void handshake_trouble(std::vector<TroubleSign>& signs, const Story& story, const Connection& c) {
    if (!c.embryonic || c.has(sign::established | sign::knock | sign::rst_in | sign::rst_out | sign::reset_sent)) return;
    const auto again = syn_acks_again(c);
    if (again.empty()) return;
    add(signs, Trouble::handshake, again.back(), again.back()->time_ns,
        fmt::format("the SYN-ACK was sent again {} and no ACK came {}", count_text(again.size(), "time", "times"), c.live() ? "until the recording ended" : "at all"));
    (void)story;
}

/// All was said, and the good-bye never got through: seen in packets alone, as a kernel tells its retransmissions itself.
void good_bye_trouble(std::vector<TroubleSign>& signs, const Connection& c) {
    for (const bool outgoing : {true, false}) {
        const Event *first = nullptr, *last = nullptr;
        std::size_t again = 0;
        bool answered = false;
        for (const Event& event : c.events) {
            const Segment* segment = event.as<Segment>();
            if (!segment) continue;
            if (segment->outgoing == outgoing && segment->fin() && segment->marks & segment_mark::retransmission) {
                if (!first) first = &event;
                last = &event;
                ++again;
            }
            if (last && segment->outgoing != outgoing && (segment->rst() || acknowledges(*segment, end_of(*last->as<Segment>())))) answered = true;
        }
        if (again >= stalled_rounds && !answered)
            add(signs, Trouble::stalled, last, last->time_ns, fmt::format("{} FIN was sent again {} times over {}, and nothing acknowledged it", outgoing ? "its" : "the other end's", again,
                                                                         duration_text(last->time_ns - first->time_ns)));
    }
}

}  // namespace

const char* name(Trouble trouble) {
    switch (trouble) {
        case Trouble::connect_failed: return "connect-failed";
        case Trouble::error: return "error";
        case Trouble::reset: return "reset";
        case Trouble::handshake: return "handshake";
        case Trouble::dropped: return "dropped";
        case Trouble::stalled: return "stalled";
    }
    return "trouble";
}

std::vector<TroubleSign> trouble_of(const Story& story, const Connection& c) {
    std::vector<TroubleSign> signs;
    if (c.is_listener()) return signs;
    connect_trouble(signs, story, c);
    if (c.has(sign::rst_in | sign::rst_out | sign::reset_received | sign::reset_sent | sign::knock)) reset_trouble(signs, c);
    handshake_trouble(signs, story, c);
    if (c.has(sign::error) && c.has(sign::established))
        if (const Event* error = last<SocketError>(c))
            add(signs, Trouble::error, error, error->time_ns, fmt::format("the kernel reported {} to the application", errno_name(error->as<SocketError>()->error)));
    if (c.has(sign::dropped)) {
        std::size_t count = 0;
        const Event* last_drop = nullptr;
        for (const Event& event : c.events)
            if (event.as<Drop>()) ++count, last_drop = &event;
        if (last_drop)
            add(signs, Trouble::dropped, last_drop, last_drop->time_ns,
                fmt::format("the kernel dropped {} of it, last with reason {}", count_text(count, "packet", "packets"), printable(last_drop->as<Drop>()->reason)));
    }
    if (by_packets(c) && c.established_ns && c.ending == Ending::open) good_bye_trouble(signs, c);
    if (c.has(sign::retransmit) && c.has(sign::established)) {
        const Event* worst = nullptr;
        for (const Event& event : c.events)
            if (const Retransmit* again = event.as<Retransmit>(); again && again->what == Retransmit::What::rto && again->tcp.backoff >= stalled_rounds) worst = &event;
        if (worst)
            add(signs, Trouble::stalled, worst, worst->time_ns, fmt::format("the same segment was sent again {} times and more", worst->as<Retransmit>()->tcp.backoff));
    }
    std::stable_sort(signs.begin(), signs.end(), [](const TroubleSign& a, const TroubleSign& b) { return a.time_ns < b.time_ns; });
    return signs;
}

}  // namespace tcpwitness
