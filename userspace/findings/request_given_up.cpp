#include "findings/request_given_up.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/closed_unanswered.h"
#include "findings/facts.h"
#include "findings/first_fin.h"
#include "findings/queue_facts.h"
#include "model/describe.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t least_ns = 900'000'000;      ///< nobody's time limit for an answer is shorter, and few servers are quicker on a bad day
constexpr std::uint64_t too_long_ns = 5'000'000'000;  ///< whoever ends a process that has waited so long had waited, too
constexpr std::uint64_t round_ns = 1'000'000'000, round_within_ns = 60'000'000;
constexpr int curl_timed_out = 28;

/// A client that closed before the server did.
struct Left {
    const Connection *client = nullptr, *server = nullptr;  ///< one of them may be unknown
    const Event* fin = nullptr;
    std::uint64_t waited_ns = 0;
    std::uint32_t sent = 0, received = 0;
    const Connection& end() const { return client ? *client : *server; }
};

std::optional<Left> left(const Connection& c) {
    const auto fin = first_fin(c);
    if (!fin || !fin->by_client) return std::nullopt;
    const bool own = c.role == Role::client;
    return Left{own ? &c : nullptr, own ? nullptr : &c, fin->event, fin->after_ns, fin->sent, fin->received};
}

/// It only closed its half, and what it asked for came after.
bool half_closed(const Left& how) {
    if (how.client) {
        const bool shut = std::any_of(how.client->events.begin(), how.client->events.end(), [](const Event& event) { return event.as<Call>() && event.as<Call>()->op == Call::Op::shutdown; });
        return shut && !how.client->has(sign::rst_out | sign::reset_sent);
    }
    return !how.server->has(sign::rst_in | sign::reset_received) && [&] {
        const Event* total = last<Destroy>(*how.server);
        return total && total->as<Destroy>()->bytes_acked > 1;  // the FIN counts one
    }();
}

std::uint64_t accepted_ns(const Connection& server) {
    for (const Event& event : server.events)
        if (const Call* call = event.as<Call>(); call && call->op == Call::Op::accept && call->phase == Call::Phase::exit && call->ret >= 0) return event.time_ns;
    return 0;
}

/// The server's half: what it did with the request until the client left.
struct Served {
    bool known = false, accepted = true;
    std::uint64_t unread_ns = 0;
    std::uint32_t unread = 0;
    bool whole = false;  ///< nothing of it had been read: who has read the most may work on it
    std::vector<const Event*> looks;
    const Queue* process = nullptr;
};
Served served(const Story& story, const Left& how) {
    Served s;
    if (!how.server) return s;
    const Connection& c = *how.server;
    s.known = true;
    const std::uint64_t at = accepted_ns(c);
    if (calls_told(story, c.witness)) s.accepted = c.accepted && at <= how.fin->time_ns + story.uncertainty_ns(c.witness, how.end().witness);
    for (const Waiting& waiting : waits(story, c, Queue::What::receive)) {
        // the server reads only what it was sent: what lay there when the client left had lain there all the time since
        const std::uint64_t until = std::min(waiting.to_ns, how.fin->time_ns);
        if (waiting.from_ns >= until || until - waiting.from_ns < least_ns / 2 || waiting.to_ns + round_ns < how.fin->time_ns) continue;
        s.unread_ns = until - waiting.from_ns;
        s.unread = waiting.last().unread;
        s.whole = how.sent && s.unread >= how.sent;
        s.looks = waiting.events;
        s.process = waiting.process();
    }
    return s;
}

/// What was lost on its way is no silence of the application: the rules about retransmits tell it. And what the server sends after the client has
/// left is answered by RST: reset-received tells that.
bool lost_or_late(const Left& how) {
    if (how.server && how.server->has(sign::retransmit)) return true;
    if (!how.client) return how.server->has(sign::reset_received | sign::rst_in);
    const Event* again = how.client->has(sign::retransmit) ? last<Retransmit>(*how.client) : nullptr;
    return again && again->time_ns < how.fin->time_ns && again->as<Retransmit>()->tcp.backoff > 1;
}

/// It sent once and waited, and did not send again and again. False where nobody counted.
bool asked_once(const Left& how) {
    constexpr std::uint32_t most = 6;  // SYN, ACK, a request or two, FIN, and the ACK of the other's FIN
    for (const Connection* c : {how.client, how.server})
        if (const Event* total = c ? last<Destroy>(*c) : nullptr) {
            const Destroy& totals = *total->as<Destroy>();
            const std::uint32_t sent = c == how.client ? totals.segs_out : totals.segs_in;
            return sent && sent <= most;
        }
    return false;
}

/// So much was sent that it filled the receiver: no request, and zero-window-stall tells it.
bool filled_up(const Left& how) {
    for (const Connection* c : {how.client, how.server})
        if (c && c->has(sign::waited))
            for (const Event& event : c->events)
                if (const Queue* queue = event.as<Queue>(); queue && queue->window_closed) return true;
    return false;
}

/// A time limit is a whole number of seconds.
bool round_time(std::uint64_t ns) {
    const std::uint64_t rest = ns % round_ns;
    return ns + round_within_ns >= round_ns && (rest <= round_within_ns || rest >= round_ns - round_within_ns);
}

std::string exit_text(const ProcessExit& exit) {
    if (exit.signal()) return fmt::format("{} was ended by {} then", who(exit.task), killer(exit));
    return fmt::format("{} exited with status {} then{}", who(exit.task), exit.status(), exit.task.comm == "curl" && exit.status() == curl_timed_out ? ": its time limit was reached" : "");
}

}  // namespace

bool left_unanswered(const Connection& server) {
    const auto how = server.role == Role::server ? left(server) : std::nullopt;
    return how && how->sent && !how->received && how->waited_ns >= least_ns;
}

std::vector<Finding> requests_given_up(const Story& story, const char* rule, const std::set<ConnectionId>& told, const Proof& unread) {
    std::vector<Left> cases;
    for (const Connection& c : story.with(sign::fin_out | sign::fin_in)) {
        auto how = left(c);
        if (!how || told.contains(c.id)) continue;
        if (how->waited_ns < least_ns || (c.role == Role::server && story.other_end(c))) continue;  // the client tells it
        if (how->client) how->server = story.other_end(c);
        cases.push_back(*how);
    }
    std::vector<Finding> found;
    if (cases.empty()) return found;
    const auto answering = answering_services(story);
    for (const Left& how : cases) {
        const Connection& c = how.end();
        const Endpoint service = how.client ? c.flow.peer : c.flow.local;
        const Event* exit = how.client && how.client->owner.known() ? exit_near(story, how.client->witness, how.client->owner.pid, how.fin->time_ns) : nullptr;
        const ProcessExit* end = exit ? exit->as<ProcessExit>() : nullptr;
        const bool curl = end && end->task.comm == "curl" && end->status() == curl_timed_out;
        const bool failed = end && !end->signal() && end->status() != 0;
        if (how.received ? !curl || lost_or_late(how) : half_closed(how) || filled_up(how) || lost_or_late(how)) continue;
        const Served server = served(story, how);
        const bool round = round_time(how.waited_ns) && asked_once(how), answers = answering.contains(service);
        const bool unserved = server.known && (!server.accepted || (server.unread_ns && server.whole));
        const bool ended_waiting = end && end->signal() && how.waited_ns >= too_long_ns;
        // Who sends nothing may only hold a connection ready; who sends and gets nothing back may talk to a service that only takes data.
        if (!failed && !unserved && (!how.sent || (!answers && !round && !ended_waiting))) continue;

        Finding f = about(rule, how.client ? Culprit::peer_application : Culprit::local_application, failed || unserved || answers ? Certainty::likely : Certainty::possible, c,
                          how.fin->time_ns);
        f.first_ns = *c.established_ns;  // its trouble is there when it leaves: what held it up lies before
        const std::string time = since(0, how.waited_ns);
        const std::string self = how.server ? fmt::format("{}{}", who(*how.server), at_place(story, *how.server)) : "";
        const std::string client = how.client ? fmt::format("{}{}", who(*how.client), at_place(story, *how.client)) : c.flow.peer.address.text();
        const std::string to = how.server && how.server->owner.known() ? fmt::format("{} ({})", service.text(), self) : service.text();
        if (how.received)
            f.headline = fmt::format("{} gave up on {} after {}: {} had come by then", client, to, time, count_text(how.received, "byte", "bytes"));
        else if (!server.accepted)
            f.headline = fmt::format("{} gave up on {} after {}: no process had accepted the connection", client, to, time);
        else if (server.unread_ns && server.whole)
            f.headline = fmt::format("{} gave up on {} after {}: it had left {} unread for {}", client, to, time, count_text(server.unread, "byte", "bytes"), since(0, server.unread_ns));
        else
            f.headline = fmt::format("{} gave up on {} after {}: {} without an answer to {}", client, to, time, how.server ? "it had sat there" : "it was",
                                     how.sent ? count_text(how.sent, "byte", "bytes") : "the connection");
        f.reasons.push_back(fmt::format("the client closed the connection first, {} after it was established; by the numbers of its FIN it had sent {} and got {}", time,
                                        count_text(how.sent, "byte", "bytes"), count_text(how.received, "byte", "bytes")));
        if (failed || (end && end->signal())) f.reasons.push_back(exit_text(*end));
        if (server.known && server.accepted && !server.whole && how.sent && !how.received) f.reasons.push_back(fmt::format("{} had accepted the connection and sent nothing", self));
        if (answers && !how.received) f.reasons.push_back("the service answers other connections");
        if (!failed && !unserved && !answers && ended_waiting) f.reasons.push_back("nothing shows that the service answers at all: it may be one that only takes data");
        else if (!failed && !unserved && !answers) f.reasons.push_back("the client left after a whole number of seconds, as a time limit of its own does; nothing shows that the service answers at all: it may be one that only takes data");
        if (server.process) f.reasons.push_back("at that time: " + process_text(*server.process));
        cite(f, how.fin);
        cite(f, exit);
        cite(f, server.looks);
        if (how.server && how.client) add_end(f, how.server);
        if (server.unread_ns && server.whole && server.accepted && !how.received) prove(f, unread);
        f.settle = how.server ? fmt::format("look at what {} does in that time (its stack, its own log, what it waits for)", who(*how.server))
                              : record_on(c.flow.peer.address) + ": it tells whether the request reached the application there, and what that did";
        if (f.certainty == Certainty::proven) f.settle.clear();
        f.fold_key = fmt::format("left/{}/{}/{}", c.witness, c.owner.comm, service.text());
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace tcpwitness
