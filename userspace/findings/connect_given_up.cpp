#include "findings/connect_given_up.h"

#include <algorithm>
#include <cerrno>

#include "findings/facts.h"
#include "findings/packets_alone.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t sent_again_ns = 1'000'000'000;  ///< a SYN without answer is sent again by then
constexpr std::uint64_t short_limit_ns = 50'000'000;    ///< a time limit of somebody, where the answer did come; what is taken back sooner was never waited for
constexpr std::uint64_t cleanup_ns = 1'000'000'000;     ///< from a process's exit to its sockets closed

const Event* exit_of_owner(const Story& story, const Connection& c) {
    for (const Event& event : story.process_exits) {
        const ProcessExit& exit = *event.as<ProcessExit>();
        if (c.owner.known() && exit.task.pid == c.owner.pid && story.same_host(event.witness, c.witness) && event.time_ns <= c.end_ns && c.end_ns - event.time_ns <= cleanup_ns)
            return &event;
    }
    return nullptr;
}

/// When the application closed the socket. What comes later, an answer that meets no socket any more, may belong to the connection, too.
std::uint64_t closed_ns(const Connection& c) {
    for (const Event& event : c.events)
        if (const StateChange* change = event.as<StateChange>(); change && change->to == TcpState::close) return event.time_ns;
    return c.end_ns;
}

/// SO_LINGER 0 and close(): the kernel notes ECONNRESET on a socket that nobody has open any more, though nobody reset anything.
bool aborted_by_close(const Connection& c) { return c.error == ECONNRESET && !c.live(); }

/// The answer that came in when nobody waited for it any more.
const Event* late_answer(const Story& story, const Connection& c, std::uint64_t from_ns) {
    const auto answers = [&](const Event& event) {
        const Segment* segment = event.as<Segment>();
        return segment && segment->syn_ack() && !segment->outgoing && event.witness == c.witness && event.time_ns >= from_ns && c.local_isn && segment->ack == *c.local_isn + 1;
    };
    for (const Event& event : c.events)
        if (answers(event)) return &event;
    for (const Event* event : story.unmatched_packets(c.flow))
        if (answers(*event)) return event;
    return nullptr;
}

}  // namespace

std::optional<GivenUpConnect> given_up_connect(const Story& story, const Connection& c) {
    if (c.role != Role::client || c.embryonic || (c.error && !aborted_by_close(c)) || by_packets(c) || c.established_ns || !c.has(sign::syn_sent | sign::syn_out)) return std::nullopt;
    if (c.has(sign::established | sign::reset_received | sign::rst_in)) return std::nullopt;
    GivenUpConnect how;
    const auto syns = syns_sent(c);
    how.began_ns = syns.empty() ? c.begin_ns : syns.front()->time_ns;
    how.pending = c.live();
    if (how.pending && story.ongoing) return std::nullopt;
    how.end_ns = std::max(how.began_ns, how.pending ? std::max(story.recording_of(c.witness).end_ns, c.end_ns) : closed_ns(c));
    if (!how.pending) how.answer = late_answer(story, c, how.end_ns);
    if (how.waited_ns() < (how.pending ? sent_again_ns : how.answer ? short_limit_ns : answer_due_ns)) return std::nullopt;
    if (!how.pending) how.exit = exit_of_owner(story, c);
    return how;
}

}  // namespace tcpwitness
