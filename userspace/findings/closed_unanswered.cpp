#include "findings/closed_unanswered.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/facts.h"
#include "findings/first_fin.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t least_ns = 900'000'000;  ///< what is closed sooner may be all that was asked for, as a message to which no answer is due
constexpr std::uint64_t exit_within_ns = 1'000'000'000;

/// Who closed: the process that did it need not be the one that accepted.
Task closer(const Connection& server) {
    for (const Event& event : server.events)
        if (const StateChange* change = event.as<StateChange>(); change && change->to == TcpState::fin_wait1 && change->pid) {
            for (const Task& user : server.users)
                if (user.pid == change->pid) return user;
            return change->pid == server.owner.pid ? server.owner : Task{change->pid, change->tid, 0, server.owner.comm};
        }
    return server.owner;
}

/// Another connection of that process to the same service was open then: it may be what the process failed over.
bool has_another(const Story& story, const Connection& client, std::uint64_t at_ns) {
    const auto beside = story.called_by(client.witness, client.owner.pid, client.flow.peer.port, client.flow.peer.address.family);
    return std::any_of(beside.begin(), beside.end(), [&](const Connection* c) {
        return c->id != client.id && c->role == Role::client && c->flow.peer == client.flow.peer && c->begin_ns <= at_ns + exit_within_ns && (c->live() || c->end_ns + exit_within_ns >= at_ns);
    });
}

std::string ending_text(const Event& exit, std::uint64_t at_ns) {
    const ProcessExit& how = *exit.as<ProcessExit>();
    const std::string when = exit.time_ns < at_ns ? since(exit.time_ns, at_ns) + " before" : since(at_ns, exit.time_ns) + " later";
    return how.signal() ? fmt::format("{} was ended by {} {}", who(how.task), killer(how), when) : fmt::format("{} exited with status {} {}", who(how.task), how.status(), when);
}

struct Case {
    const Connection *client = nullptr, *server = nullptr;  ///< one of them may be unknown
    FirstFin fin;
};

constexpr std::size_t time_after_time = 3;

std::optional<Finding> tell(const Story& story, const char* rule, const Case& one, const std::set<Endpoint>& answering, std::size_t without_a_word) {
    const Connection& c = one.server ? *one.server : *one.client;
    const Endpoint& service = one.server ? c.flow.local : c.flow.peer;
    const std::uint64_t at_ns = one.fin.event->time_ns;
    const Task by = one.server ? closer(*one.server) : Task{};
    const Event* ended = by.known() ? exit_near(story, c.witness, by.pid, at_ns) : nullptr;
    const Event* left = one.client && one.client->owner.known() ? exit_near(story, one.client->witness, one.client->owner.pid, at_ns) : nullptr;
    const ProcessExit* client_end = left ? left->as<ProcessExit>() : nullptr;
    const bool failed = client_end && !client_end->signal() && client_end->status() && !has_another(story, *one.client, at_ns);
    const bool answers = answering.contains(service);
    const bool died = ended && ended->as<ProcessExit>()->code;
    // Who asked nothing may only have held a connection ready.
    const bool turned_away = !answers && without_a_word >= time_after_time;
    if (one.fin.sent ? !died && !failed && !(answers && one.fin.after_ns >= least_ns) : !failed && !turned_away) return std::nullopt;

    Finding f = about(rule, one.server ? Culprit::local_application : Culprit::peer_application, Certainty::likely, c, at_ns);
    f.cause_ns = *c.established_ns;
    const std::string client = one.client ? fmt::format("{}{}", who(*one.client), at_place(story, *one.client)) : c.flow.peer.text();
    const std::string server = one.server ? fmt::format("{}{}", by.known() ? who(by) : who(c), at_place(story, c)) : service.text();
    const std::string asked = count_text(one.fin.sent, "byte", "bytes"), time = since(0, one.fin.after_ns);
    const std::string to = one.server ? " to " + service.text() : "";
    f.headline = one.fin.sent ? fmt::format("{} closed the connection of {}{} without an answer: {} had come, and nothing was sent in {}", server, client, to, asked, time)
                              : fmt::format("{} closed the connection of {}{} after {} without a word: neither had sent a byte", server, client, to, time);
    f.reasons.push_back(fmt::format("its FIN came first; by the numbers of that, it had got {} and sent none", asked));
    if (ended) f.reasons.push_back(ending_text(*ended, at_ns));
    if (failed) f.reasons.push_back(ending_text(*left, at_ns));
    if (answers) f.reasons.push_back("the service answers other connections");
    if (turned_away && !one.fin.sent) f.reasons.push_back("it did so with every connection, and answered none: it may let in nobody, or not this client (an access list, a limit), or fail before it speaks");
    cite(f, one.fin.event);
    cite(f, ended);
    if (failed) cite(f, left);
    if (one.server) add_end(f, one.client);
    f.settle = one.server ? fmt::format("look at what {} did then, in its own log: a time limit, a restart, an error of its own", by.known() ? who(by) : who(c))
                          : record_on(service.address) + ": it tells which process closed the connection, and whether it ended";
    f.fold_key = fmt::format("closed/{}/{}/{}", c.witness, c.owner.comm, service.text());
    return f;
}

}  // namespace

const Event* exit_near(const Story& story, WitnessId witness, std::uint32_t pid, std::uint64_t time_ns) {
    for (const Event& event : story.process_exits) {
        const std::uint64_t apart = event.time_ns > time_ns ? event.time_ns - time_ns : time_ns - event.time_ns;
        if (event.as<ProcessExit>()->task.pid == pid && story.same_host(event.witness, witness) && apart <= exit_within_ns) return &event;
    }
    return nullptr;
}

std::set<Endpoint> answering_services(const Story& story) {
    std::set<Endpoint> answering;
    for (const Connection& c : story.with(sign::destroyed | sign::fin_out | sign::fin_in)) {
        if (c.role != Role::client && c.role != Role::server) continue;
        const bool client = c.role == Role::client;
        const Event* total = last<Destroy>(c);
        const std::uint64_t bytes = !total ? 0 : client ? total->as<Destroy>()->bytes_received : total->as<Destroy>()->bytes_acked;
        const auto fin = bytes > 2 ? std::nullopt : first_fin(c);
        if (bytes > 2 || (fin && fin->received)) answering.insert(client ? c.flow.peer : c.flow.local);  // SYN and FIN count one each
    }
    return answering;
}

std::vector<Finding> closed_unanswered(const Story& story, const char* rule, const std::set<ConnectionId>& told) {
    std::vector<Case> cases;
    for (const Connection& c : story.with(sign::fin_out | sign::fin_in)) {
        const auto fin = first_fin(c);
        if (!fin || fin->by_client || fin->received || told.contains(c.id)) continue;
        if (c.has(sign::reset_sent | sign::reset_received | sign::late_reset | sign::rst_in | sign::rst_out)) continue;  // the RST behind the FIN tells more
        const Connection* other = story.other_end(c);
        const bool server = c.role == Role::server;
        if ((!server && other && other->id != c.id) || (other && told.contains(other->id))) continue;  // the server tells it
        cases.push_back({server ? other : &c, server ? &c : nullptr, *fin});
    }
    std::vector<Finding> found;
    if (cases.empty()) return found;
    const auto answering = answering_services(story);
    const auto service = [](const Case& one) { return one.server ? one.server->flow.local : one.client->flow.peer; };
    std::map<Endpoint, std::size_t> without_a_word;
    for (const Case& one : cases) without_a_word[service(one)] += !one.fin.sent;
    for (const Case& one : cases)
        if (auto f = tell(story, rule, one, answering, without_a_word[service(one)])) found.push_back(std::move(*f));
    return found;
}

}  // namespace tcpwitness
