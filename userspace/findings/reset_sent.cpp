#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/benign.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/flood.h"
#include "findings/harmless_reset.h"
#include "findings/listeners.h"
#include "findings/packets_alone.h"
#include "findings/raw_handshake.h"
#include "findings/reset_in_packets.h"
#include "findings/reset_reason.h"
#include "findings/strays.h"
#include "findings/syn_proxy.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "reset-sent";

enum { by_reason, closed_port, flooded };
constexpr Proof proofs[] = {
    {"the kernel told that it sent the RST, and its reason", others({Other::reason_guessed})},
    {"the kernel found no socket for the SYN", others({Other::records_lost})},
    {"the recorder counted every RST that the kernel sent for want of a socket", 0},
};

using ExitsByPid = std::unordered_map<std::uint32_t, std::vector<const Event*>>;

/// The process that owned the socket ended just before: its sockets were closed for it.
const Event* exit_before(const ExitsByPid& exits, const Connection& c, std::uint64_t reset_ns) {
    constexpr std::uint64_t cleanup_ns = 1'000'000'000;
    const auto of_owner = exits.find(c.owner.pid);
    if (!c.owner.known() || of_owner == exits.end()) return nullptr;
    for (const Event* event : of_owner->second)
        if (event->time_ns <= reset_ns && reset_ns - event->time_ns <= cleanup_ns) return event;
    return nullptr;
}

Finding raise(const Story& story, const ExitsByPid& exits, const Connection& c, const Event& event, const WhyReset& why) {
    const ResetSent& reset = *event.as<ResetSent>();
    Finding f = about(id, why.culprit, std::min(why.certainty, Certainty::likely), c, event.time_ns);
    const std::string actor = reset.task.known() ? who(reset.task) : who(c);
    f.headline = why.by_other && c.owner.pid != reset.task.pid
                     ? fmt::format("{}{} destroyed the connection of {} with {}: {}", actor, at_place(story, c), who(c), c.flow.peer.text(), why.sentence)
                     : fmt::format("{}{} reset its connection with {}: {}", actor, at_place(story, c), c.flow.peer.text(), why.sentence);
    f.reasons = why.reasons;
    f.settle = why.settle;
    if (why.certainty == Certainty::proven) prove(f, proofs[by_reason], others({Other::reason_guessed}));
    cite(f, &event);
    cite(f, packets(c, [](const Segment& segment) { return segment.rst() && segment.outgoing; }));
    if (const Event* change = last<StateChange>(c); change && change->time_ns <= event.time_ns) cite(f, change);
    if (const Event* exit = exit_before(exits, c, event.time_ns)) {
        const ProcessExit& how = *exit->as<ProcessExit>();
        f.reasons.push_back(how.signal() ? fmt::format("the process had been killed by {} {} before", killer(how), since(exit->time_ns, event.time_ns))
                                         : fmt::format("the process had exited with status {} {} before", how.status(), since(exit->time_ns, event.time_ns)));
        cite(f, exit);
    }
    if (const Connection* other = story.other_end(c)) {
        add_end(f, other);
        if (other->ending == Ending::reset_received)
            f.reasons.push_back(fmt::format("the effect on {}: {} saw its connection reset by the peer", place(story, other->witness), who(*other)));
        cite(f, resets_in(*other));
        cite(f, first<ResetReceived>(*other));
        cite(f, last<SocketError>(*other));
    }
    const Endpoint& service = c.role == Role::server ? c.flow.local : c.flow.peer;
    f.fold_key = fmt::format("{}/{}/{}/{}", c.witness, reset.task.known() ? reset.task.comm : c.owner.comm, service.text(), why.kind);
    return f;
}

/// By packets alone: that this end reset, and what it left behind; not why.
std::optional<Finding> raise_by_packets(const Story& story, const Connection& c, const std::optional<ResetAfterFin>& closed) {
    const auto resets = packets(c, [](const Segment& segment) { return segment.rst() && segment.outgoing; });
    if (resets.empty()) return std::nullopt;
    const Event& reset = *resets.front();
    const bool way = on_the_way(c);
    Finding f = about(id, way ? Culprit::unknown : Culprit::local_application, Certainty::likely, c, reset.time_ns);
    f.headline = fmt::format("{}{} reset its connection with {}{}", who(c), at_place(story, c), c.flow.peer.text(),
                             c.established_ns ? ", " + since(*c.established_ns, reset.time_ns) + " after it was established" : "");
    if (const Event* came = last_packet(c, false, reset.time_ns)) {
        const Segment& segment = *came->as<Segment>();
        const char* what = segment.payload ? "data" : segment.fin() ? "a FIN" : "an ACK";
        f.reasons.push_back(fmt::format("it came {} after {} of the peer", since(came->time_ns, reset.time_ns), what));
        cite(f, came);
    }
    if (closed && closed->by_closer) {
        f.headline += fmt::format(": it had closed {} before", since(closed->fin->time_ns, reset.time_ns));
        if (closed->after_close) {
            f.headline += fmt::format(", and {} came after that", count_text(closed->after_close, "byte", "bytes"));
            f.reasons.push_back("data that comes after close() is answered so");
        }
        cite(f, closed->fin);
    }
    if (const std::uint32_t bytes = unacknowledged(c, true, reset.time_ns)) f.reasons.push_back(count_text(bytes, "byte", "bytes") + " that it had sent were not acknowledged, and may be lost");
    cite(f, resets);
    f.settle = fmt::format("record on {} with `tcpwitness record`: it names the process, and why its kernel sent the RST", c.flow.local.address.text());
    f.fold_key = fmt::format("packets/{}/{}", c.witness, (c.role == Role::server ? c.flow.local : c.flow.peer).text());
    return f;
}

/// The client had been answered already, by somebody else: a SYN proxy completes the handshake before it asks the server.
void tell_early_answer(Finding& f, const Story& story, const Connection& knock) {
    const Connection* client = client_let_in_early(story, knock);
    if (!client) return;
    add_end(f, client);
    for (const Connection* proxy : answers_for_another(story, *client)) {
        add_end(f, proxy);
        f.reasons.push_back(fmt::format("{} sent that SYN-ACK, and passed the SYN on afterwards", place(story, proxy->witness)));
    }
    f.first_ns = f.cause_ns = std::min({f.first_ns, client->begin_ns, knock.begin_ns});
    f.headline += fmt::format(", after a device on the path had answered it with SYN-ACK: {} saw an open connection reset", who(*client));
    f.reasons.push_back(fmt::format("{} got a SYN-ACK that {} never sent: a SYN proxy (SYNPROXY, nft synproxy, a load balancer) accepts in its name before it asks", place(story, client->witness),
                                    place(story, knock.witness)));
    tell_origin(f, story, client->flow, client->flow.peer, PacketKind::syn_ack);
    cite(f, packets(*client, [](const Segment& segment) { return segment.syn_ack() && !segment.outgoing; }));
    cite(f, resets_in(*client));
    cite(f, first<ResetReceived>(*client));
}

/// A client that never got the RST, though its packets were recorded.
bool unheard(const Story& story, const Connection& client) {
    return client.role == Role::client && packets_seen(story, client.witness) && !client.has(sign::rst_in | sign::reset_received | sign::established) && (client.has(sign::syn_retransmit) || client.ending == Ending::connect_timeout) &&
           story.blind(client.witness, Evidence::packets, client.witness, client.begin_ns, client.end_ns) == Blind::no;
}

/// Who knocked on a port where nothing listens.
Finding raise_closed_port(const Story& story, const ListenersByPort& listeners, const Connection& knock) {
    const Event* sent = first<ResetSent>(knock);
    Finding f = about(id, Culprit::local_configuration, Certainty::likely, knock, sent ? sent->time_ns : knock.begin_ns);
    f.headline = fmt::format("nothing listens on {}{}: the connect of {} was answered with RST", knock.flow.local.text(), at_place(story, knock),
                             knock.flow.peer.text());
    const Connection* beside = passed_over(listeners, knock.witness, knock.flow.local, knock.begin_ns);
    if (beside) {
        f.headline = fmt::format("{} listens on {}{}, and did not take the SYN of {}: it is bound to another device, or takes IPv6 only", who(*beside), beside->flow.local.text(),
                                 at_place(story, knock), knock.flow.peer.text());
        f.reasons.push_back("the kernel found no socket for the SYN (NO_SOCKET)");
        f.settle = "look at it with `ss -ltnpe` here: a device stands behind '%', and v6only:1 means IPv6 only";
    } else if (by_packets(knock)) {
        f.reasons.push_back("a RST of this host answered the SYN: nothing listens there, or its packet filter rejects");
        f.settle = "look at this host's listeners (`ss -ltn`) and at its packet filter";
    } else {
        // Another system's text is often an excerpt: it does not tell what listened there a moment before.
        if (!story.recording_of(knock.witness).meta.contains("source")) {
            prove(f, proofs[closed_port]);
            lean_on(f, knock.witness, Evidence::sockets);  // that no listener was found
        }
        f.reasons.push_back("the kernel found no socket for the SYN (NO_SOCKET)");
    }
    if (const Connection* client = story.other_end(knock); client && client->witness != knock.witness && unheard(story, *client)) {
        f.headline += fmt::format("; no RST came to {}, which went on waiting: they were lost on the way back", place(story, client->witness));
        add_end(f, client);
        f.cause_ns = std::min(f.first_ns, client->begin_ns);
    }
    if (const auto same_port = listeners.find({knock.witness, knock.flow.local.port}); same_port != listeners.end())
        for (const Connection* c : same_port->second)
            if (c->live() && !c->flow.local.address.unspecified() && c->flow.local.address != knock.flow.local.address && f.reasons.size() < 8)
                f.reasons.push_back(fmt::format("{} listens on that port, but only at {}", who(*c), c->flow.local.text()));
    tell_early_answer(f, story, knock);
    cite(f, packets(knock, [](const Segment&) { return true; }));
    cite(f, sent);
    f.fold_key = fmt::format("closed/{}/{}", knock.witness, knock.flow.local.text());
    return f;
}

/// RSTs without a socket that came so fast that the recorder only counted them, with the knocks that it took one by one.
Finding raise_flood(const Story& story, WitnessId witness, std::uint16_t port, const Flood& flood) {
    Finding f = flood.finding(id, proofs[flooded]);
    f.headline = fmt::format("a flood: segments from {} {}were answered with RST{}, because there was no socket for them", flood.sources(),
                             port ? fmt::format("to port {} ", port) : std::string(),
                             story.witnesses.size() > 1 ? " on " + place(story, witness) : std::string());
    f.fold_key = fmt::format("flood/{}/{}", witness, port);
    return f;
}

std::vector<Finding> find(const Story& story) {
    struct Candidate {
        const Connection* connection;
        const Event* event;
        WhyReset why;
    };
    std::vector<Finding> found;
    std::vector<Candidate> candidates;
    std::map<std::string, std::vector<const Connection*>> on_purpose, resets_at;
    std::vector<const Connection*> resets_seen;
    ExitsByPid exits;
    for (const Event& event : story.process_exits) exits[event.as<ProcessExit>()->task.pid].push_back(&event);
    const ListenersByPort listeners = listeners_by_port(story);
    FloodsByPort floods;
    for (const Event& event : story.repeats)
        if (event.as<Repeats>()->what == Repeats::What::reset_sent) floods[{event.witness, event.flow.local.port}].add(event);
    for (const Connection& c : story.with(sign::knock | sign::reset_sent)) {
        if (c.has(sign::knock)) {
            if (const auto flood = floods.find({c.witness, c.flow.local.port}); flood != floods.end())
                flood->second.add(c);
            else
                found.push_back(raise_closed_port(story, listeners, c));
            continue;
        }
        const bool before_both_closed = by_packets(c) && c.ending == Ending::closed && c.has(sign::reset_sent) && c.both_closed();
        if (c.ending != Ending::reset_sent && !before_both_closed) continue;
        if (by_packets(c)) {
            resets_seen.push_back(&c);
            resets_at[fmt::format("{}/{}/{}", c.witness, c.flow.local.address.text(), c.flow.peer.text())].push_back(&c);
            continue;
        }
        const Event* event = first<ResetSent>(c);
        if (!event) continue;
        if (met_older(c)) continue;  // in the handshake: connect-timeout and handshake-slow tell it
        if (event->as<ResetSent>()->listener_cookie) continue;  // of a connection that this host knew no more: its other end tells it (reset-received)
        auto why = why_reset(c, *event);
        if (!why) {
            found.push_back(harmless(benign::late_reset, id, c, event->time_ns, between(story, c)));
            continue;
        }
        if (const char* pattern = why->on_purpose || why->early ? harmless_reset(story, c, *event) : nullptr) {
            found.push_back(harmless(pattern, id, c, event->time_ns, between(story, c)));
            continue;
        }
        if (std::string_view(why->kind) == "data-after-close" && answers_good_bye(story, c, *event)) {
            found.push_back(harmless(benign::abort_after_exchange, id, c, event->time_ns, between(story, c)));
            continue;
        }
        if (why->on_purpose)
            on_purpose[fmt::format("{}/{}/{}/{}", c.witness, c.owner.comm, c.flow.local.address.text(), c.flow.peer.text())].push_back(&c);
        candidates.push_back({&c, event, std::move(*why)});
    }
    const auto health_checks = regular_resets(on_purpose);
    for (const Candidate& one : candidates)
        found.push_back(health_checks.contains(one.connection->id) ? harmless(benign::health_check, id, *one.connection, one.event->time_ns, between(story, *one.connection))
                                                                   : raise(story, exits, *one.connection, *one.event, one.why));
    const auto checks_seen = regular_resets(resets_at);
    for (const Connection* c : resets_seen) {
        const auto closed = reset_after_fin(*c);
        if (checks_seen.contains(c->id))
            found.push_back(harmless(benign::health_check, id, *c, c->end_ns, between(story, *c)));
        else if (closed && closed->harmless)
            found.push_back(harmless(closed->harmless, id, *c, c->end_ns, between(story, *c)));
        else if (auto seen = raise_by_packets(story, *c, closed))
            found.push_back(std::move(*seen));
    }
    for (const auto& [where, flood] : floods) found.push_back(raise_flood(story, where.first, where.second, flood));
    for (Finding& f : raw_handshakes(story, id)) found.push_back(std::move(f));
    return found;
}

}  // namespace

const Rule reset_sent = {
    id, "this host reset a connection",
    "The kernel of this host sent a RST on an open connection, or for a port where nothing listens. The other side sees \"connection reset by peer\" or "
    "\"connection refused\". The kernel tells why it did so.",
    "The kernel's own reset event with its reason: TCP_ABORT_ON_CLOSE (closed with data unread), SO_LINGER 0 (TCP_ABORT_ON_LINGER, TCP_DISCONNECT_WITH_DATA), data that "
    "arrived after close, NO_SOCKET (nothing listens). Kernels before 6.10 give no reason: then it is inferred from what the socket went through, and the finding says so. "
    "A SYN-ACK that answers a SYN which left this host and which no socket had sent: a program makes its own segments, and the kernel resets what comes back. "
    "A client that was connected although nothing listens was let in by a SYN proxy on the path; the finding tells both ends' part.",
    "Not a RST after both sides had sent FIN: that harms nobody and is not raised. Nor one that answers a good-bye (a TLS close_notify) after close(), or that a client sends when it has the whole answer and the FIN. Nor a health check that connects and resets at an even pace. When the process had died, or its "
    "listening socket had gone, the finding is listener-gone.",
    "Unread data at close: read until end of file, or shutdown() the sending side first and wait. SO_LINGER 0: find the setsockopt, or the pool setting behind it. Data after close: let the "
    "side that sends last close last. Nothing listens: start the service, or correct the port of whoever knocks.",
    find,
    proofs,
};

}  // namespace tcpwitness
