#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/benign.h"
#include "findings/device_facts.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/harmless_reset.h"
#include "findings/packets_alone.h"
#include "findings/renamed_resets.h"
#include "findings/reset_in_packets.h"
#include "findings/strays.h"
#include "findings/syn_proxy.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "reset-received";

enum { by_peer_filter, by_stranger };
constexpr Proof proofs[] = {
    {"the peer was recorded: the RST left it, and its TCP did not send it", socket_silence | others({Other::own_stack})},
    {"the host that sent the RST was recorded, and its kernel told that it has no such connection", others({Other::records_lost})},
};

/// How long nothing had come or gone when the kernel of another host sent that; 0: not told.
std::uint64_t last_heard(const Connection& c, const Event& sent) {
    const Event* before = nullptr;
    for (const Event& event : c.events) {
        if (event.time_ns >= sent.time_ns) break;
        if (!event.as<ResetReceived>() && !event.as<Timer>() && !(event.as<Segment>() && event.as<Segment>()->rst())) before = &event;
    }
    return before ? sent.time_ns - before->time_ns : 0;
}

/// The host that has the peer's address now does not know the connection: it was restarted, or the address moved to it.
bool tell_stranger(Finding& f, const Story& story, const Strays& strays, const Connection& c) {
    const Event* sent = strays.reset_by_stranger(c);
    if (!sent) return false;
    const ResetSent& reset = *sent->as<ResetSent>();
    const std::string there = place(story, sent->witness);
    const Connection* other = story.other_end(c);
    const bool moved = other && other->witness != sent->witness;
    if (other && other->flow.local != c.flow.peer && moved) {  // that end knows itself by another address: this host stands between and translates
        f.culprit = Culprit::local_configuration;
        f.certainty = Certainty::likely;
        const std::uint64_t silent = last_heard(c, *sent);
        f.headline += fmt::format(": {}, which translates its addresses, has forgotten it{}", there, silent >= 1'000'000'000 ? fmt::format(" after {} of silence", duration_text(silent)) : "");
        f.reasons.push_back(fmt::format("the connection reaches {} only as {} of {}, whose kernel answered our segment itself: it had no entry for it any more", place(story, other->witness), c.flow.peer.text(), there));
        f.settle = fmt::format("compare that time with the translator's limit for idle connections (net.netfilter.nf_conntrack_tcp_timeout_established on {})", there);
        cite(f, sent);
        return true;
    }
    f.culprit = Culprit::peer_host;
    prove(f, proofs[by_stranger]);
    lean_on(f, sent->witness, Evidence::sockets);  // it may know the connection by other addresses
    f.headline += fmt::format(": {} does not know it{}", there, moved ? fmt::format(", the address was at {} before and moved", place(story, other->witness))
                                                                      : ": it was restarted or lost it, or the address moved there");
    f.reasons.push_back(fmt::format("the kernel of {} answered our segment with RST{}{}: it has no such connection", there, reset.reason.empty() ? "" : ", reason ",
                                    reset.reason));
    cite(f, sent);
    return true;
}

/// The peer's kernel answered something of this flow for want of a socket.
bool answered_without_socket(const Story& story, const Connection& c, const Connection& other) {
    const auto told = [&](const Event& event) {
        const ResetSent* reset = event.as<ResetSent>();
        return reset && !reset->has_socket && !reset->firewall_hook && event.witness == other.witness;
    };
    const auto unmatched = story.unmatched_events(c.flow);
    return other.has(sign::knock) || std::any_of(other.events.begin(), other.events.end(), told) || std::any_of(unmatched.begin(), unmatched.end(), [&](const Event* event) { return told(*event); });
}

/// From here alone: Linux answers so where it has no socket; a device that forges may do the same.
void tell_bare_reset(Finding& f, const Connection& c, const std::vector<const Event*>& resets) {
    if (resets.empty() || !c.established_ns) return;
    const Segment& rst = *resets.front()->as<Segment>();
    for (const Event& event : c.events)
        if (const Segment* segment = event.as<Segment>(); segment && !segment->outgoing && segment->syn() + segment->syn_ack() && segment->has_timestamps && !rst.has_timestamps) {
            f.reasons.push_back("the RST lacks the timestamps that the connection has: so answers a host that does not know the connection (restarted, or the address moved to it), or a device on the path");
            return;
        }
}

/// The state that the RST ended: the last change to CLOSE says it best.
TcpState state_before(const Connection& c, const Event* reset) {
    for (auto event = c.events.rbegin(); event != c.events.rend(); ++event)
        if (const StateChange* change = event->as<StateChange>(); change && change->to == TcpState::close) return change->from;
    return reset ? reset->state : c.state;
}

/// The peer had closed in good order, and what this end sent after that found nobody to read it.
void tell_late_data(Finding& f, const Connection& c, const Event& reset) {
    const Event* fin = nullptr;
    for (const Event& event : c.events) {
        if (event.time_ns > reset.time_ns) break;
        const Segment* segment = event.as<Segment>();
        const StateChange* change = event.as<StateChange>();
        if ((segment && segment->fin() && !segment->outgoing) || (change && change->to == TcpState::close_wait && !fin)) fin = &event;
    }
    const Event* sent = fin ? last_packet(c, true, reset.time_ns, true) : nullptr;
    const bool late = !fin || !by_packets(c) || (sent && sent->time_ns > fin->time_ns);
    f.reasons.push_back(late ? "the peer had sent its FIN already: its kernel answers data that comes after its close() with RST"
                             : "the peer had sent its FIN, and nothing more came from here: so ends a connection whose application closes it and leaves data unread, or aborts it");
    if (!fin) return;
    f.culprit = Culprit::peer_application;
    f.headline += fmt::format(": its application had closed {} before{}", since(fin->time_ns, reset.time_ns), late ? ", and this end sent once more" : "");
    cite(f, fin);
}

/// What the kernel would tell of its own clocks and queues, as far as packets show it.
void tell_packets(Finding& f, const Connection& c, const Event& reset) {
    const Event* came = last_packet(c, false, reset.time_ns, true);
    const Event* went = last_packet(c, true, reset.time_ns, true);
    if (came) f.reasons.push_back(fmt::format("data last came {} before", since(came->time_ns, reset.time_ns)));
    if (went) f.reasons.push_back(fmt::format("data was last sent {} before", since(went->time_ns, reset.time_ns)));
    if (const std::uint32_t bytes = unacknowledged(c, true, reset.time_ns)) f.reasons.push_back(count_text(bytes, "byte", "bytes") + " sent had not been acknowledged");
}

/// The peer's host reset it, but for ports that this end does not have.
bool tell_renamed(Finding& f, const Story& story, const Connection& c, const Event& came_in, const Event* sent) {
    if (!sent) return false;
    f.culprit = Culprit::path;
    f.certainty = Certainty::likely;
    const std::uint64_t silent = c.established_ns ? last_heard(c, came_in) : 0;
    f.headline += fmt::format(": a translator between had forgotten it{}, and passed its next segment on as {}", silent >= 1'000'000'000 ? fmt::format(" after {} of silence", duration_text(silent)) : "",
                              sent->flow.peer.text());
    f.reasons.push_back(fmt::format("{} sent this RST (the same sequence number) to {}: it has no connection of that name", place(story, sent->witness), sent->flow.peer.text()));
    f.settle = "compare that silence with the idle limit of the address translator (NAT gateway, load balancer) between them";
    cite(f, sent);
    return true;
}

/// Whether a rule of the recorded packet filter there may answer with a RST; null: the rules are not known.
std::optional<bool> filter_may_reject(const Story& story, WitnessId witness, std::uint64_t time_ns) {
    bool known = false;
    for (const Event& event : story.environment) known = known || (event.witness == witness && !event.as<Environment>()->of_host);
    if (!known || !facts_then(story, witness, "iptables_table", time_ns, time_ns).empty()) return std::nullopt;
    for (const char* topic : {"nft_chain", "nft_rule"})
        for (const Event* fact : facts_then(story, witness, topic, time_ns, time_ns)) {
            const Environment& rule = *fact->as<Environment>();
            if (rule.what == Environment::What::unreadable || rule.name == "...") return std::nullopt;
            if (rule.topic == "nft_rule" && (rule.after.find("reject") != std::string::npos || rule.after.find("queue") != std::string::npos)) return true;
        }
    return false;
}

/// The RST left the peer's host, and its TCP did not send it.
void tell_other_sender(Finding& f, const Story& story, const Connection& c, const Connection& other, std::uint64_t time_ns) {
    const std::string there = place(story, other.witness);
    const auto filter = filter_may_reject(story, other.witness, time_ns);
    lean_on(f, other.witness, Evidence::sockets);
    if (filter && *filter) {
        prove(f, proofs[by_peer_filter], answered_without_socket(story, c, other) ? 0 : others({Other::own_stack}));
        f.culprit = Culprit::local_firewall;
        f.reasons.push_back(fmt::format("the RST left {}, but its TCP did not send it: a packet filter there did", there));
        return;
    }
    f.certainty = Certainty::likely;
    f.culprit = filter ? Culprit::local_application : Culprit::unknown;
    f.headline += fmt::format(": it left {}, whose TCP did not send it", there);
    f.reasons.push_back(filter ? fmt::format("no rule of {}'s recorded packet filter resets: a program with a raw socket did (tcpkill, an intrusion prevention system, a scanner)", there)
                               : fmt::format("a packet filter of {} did, or a program with a raw socket (tcpkill, an intrusion prevention system)", there));
    f.settle = fmt::format("look on {} for programs with packet or raw sockets (ss -0, ss -w) and at its packet filter", there);
}

std::vector<Finding> find(const Story& story) {
    std::map<std::string, std::vector<const Connection*>> groups, half_open;
    std::vector<const Connection*> candidates;
    for (const Connection& c : story.with(sign::reset_received | sign::rst_in | trait::failed)) {
        const bool before_both_closed = by_packets(c) && c.ending == Ending::closed && c.has(sign::reset_received) && !c.has(sign::reset_sent) && c.both_closed();
        if (c.ending != Ending::reset_received && c.ending != Ending::handshake_reset && !before_both_closed) continue;
        const Connection* other = story.other_end(c);
        const Event* own = other && other->has(sign::reset_sent) ? first<ResetSent>(*other) : nullptr;
        const bool forgotten = own && !own->as<ResetSent>()->has_socket && own->as<ResetSent>()->answers_segment && !other->both_closed();
        if (other && other->has(sign::reset_sent) && !forgotten) continue;  // told there, as reset-sent, or passed over as harmless
        if (c.ending == Ending::handshake_reset) {  // haproxy's check by TCP does not even acknowledge the SYN-ACK
            if (!other && !c.has(sign::syn_ack_retransmit) && packets(c, [](const Segment& segment) { return segment.syn(); }).size() <= 1)
                half_open[fmt::format("{}/{}/{}", c.witness, c.flow.peer.address.text(), c.flow.local.port)].push_back(&c);
            continue;
        }
        candidates.push_back(&c);
        if (c.role == Role::client) continue;  // a check is ended by who makes it
        groups[fmt::format("{}/{}/{}", c.witness, c.flow.peer.address.text(), c.role == Role::server ? c.flow.local.port : c.flow.peer.port)].push_back(&c);
    }
    const auto health_checks = regular_resets(groups);
    std::vector<Finding> found;
    std::optional<Strays> strays;
    std::optional<RenamedResets> renamed;
    const auto half_checks = regular_resets(half_open);
    for (const auto& [where, all] : half_open)
        for (const Connection* c : all)
            if (half_checks.contains(c->id)) found.push_back(harmless(benign::health_check, id, *c, c->end_ns, between(story, *c)));
    for (const Connection* one : candidates) {
        const Connection& c = *one;
        if (health_checks.contains(c.id)) {
            found.push_back(harmless(benign::health_check, id, c, c.end_ns, between(story, c)));
            continue;
        }
        const Event* reset = first<ResetReceived>(c);
        if (reset && said_good_bye(c, *reset)) {
            found.push_back(harmless(benign::abort_after_exchange, id, c, c.end_ns, between(story, c)));
            continue;
        }
        if (const char* pattern = reset ? harmless_reset(story, c, *reset) : nullptr) {
            found.push_back(harmless(pattern, id, c, c.end_ns, between(story, c)));
            continue;
        }
        const auto closed = reset_after_fin(c);
        if (closed && closed->harmless) {
            found.push_back(harmless(closed->harmless, id, c, c.end_ns, between(story, c)));
            continue;
        }
        const Event* error = last<SocketError>(c);
        const auto packets = resets_in(c);
        const Event* at = reset ? reset : error ? error : packets.empty() ? &c.events.back() : packets.front();
        const TcpNumbers tcp = reset ? reset->as<ResetReceived>()->tcp : error ? error->as<SocketError>()->tcp : TcpNumbers{};

        Finding f = about(id, Culprit::peer_host, Certainty::likely, c, at->time_ns);
        const TcpState state = closed ? closed->by_closer ? TcpState::close_wait : TcpState::fin_wait1 : state_before(c, reset);
        f.headline = fmt::format("{}{}: {} reset the connection in {}{}", who(c), at_place(story, c), c.flow.peer.text(), name(state),
                                 c.established_ns ? ", " + since(*c.established_ns, at->time_ns) + " after it was established" : "");
        if (reset) {
            const auto before = [](std::uint32_t ms) { return duration_text(std::uint64_t{ms} * 1'000'000) + " before"; };
            if (tcp.recv_idle_ms || tcp.send_idle_ms)
                f.reasons.push_back(fmt::format("data last came {}, and was last sent {}", before(tcp.recv_idle_ms), before(tcp.send_idle_ms)));
            if (const std::uint32_t bytes = tcp.unacknowledged()) f.reasons.push_back(count_text(bytes, "byte", "bytes") + " sent had not been acknowledged");
            if (const std::uint32_t bytes = tcp.unread()) f.reasons.push_back(count_text(bytes, "byte", "bytes") + " received had not been read");
        }
        if (by_packets(c)) tell_packets(f, c, *at);
        if (closed && closed->by_closer && closed->after_close) {
            f.reasons.push_back(fmt::format("the peer had closed {} before, and {} came after that: data that comes after close() is answered so", since(closed->fin->time_ns, at->time_ns),
                                            count_text(closed->after_close, "byte", "bytes")));
            cite(f, closed->fin);
        } else if (state == TcpState::close_wait) {
            tell_late_data(f, c, *at);
        }
        cite(f, packets);
        cite(f, reset);
        cite(f, error);
        f.settle = record_on(c.flow.peer.address) + ": it names the process and the reason, or shows that it sent no RST";
        if (!strays) strays.emplace(story);
        const bool told = state != TcpState::close_wait && tell_stranger(f, story, *strays, c);
        if (!renamed) renamed.emplace(story);
        const bool renamed_here = !told && !packets.empty() && tell_renamed(f, story, c, *packets.front(), renamed->sent_as(c, *packets.front()));
        const Event* const syn = renamed_here ? nullptr : new_syn_on(c, at->time_ns);
        if (syn) {
            f.headline += ": a new SYN with its address and port had come before";
            f.reasons.push_back(fmt::format("the SYN came {} before: the peer has forgotten this connection, or another host behind the same address translation took its port; our kernel answered it with an ACK "
                                            "of this connection, and the RST answers that",
                                            since(syn->time_ns, at->time_ns)));
            cite(f, syn);
        } else if (!told && !renamed_here && state != TcpState::close_wait) {
            tell_bare_reset(f, c, packets);
        }
        const Connection* const other_end = story.other_end(c);
        if (other_end && answered_for_another(story, *other_end)) {
            add_end(f, other_end);
            f.headline += fmt::format(": {} had accepted it in that name (a SYN proxy), and the server behind it refused", place(story, other_end->witness));
            f.settle = record_on(c.flow.peer.address) + ": it tells whether anything listens there";
        } else if (const Connection* other = other_end) {
            add_end(f, other);
            if (!told && !renamed_here && state != TcpState::close_wait && !other->has(sign::knock) && other->has(sign::rst_out) && packets_seen(story, other->witness) && bare_resets_told(story, other->witness)) {
                tell_other_sender(f, story, c, *other, at->time_ns);
            }
        }
        f.fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, c.role == Role::server ? c.flow.peer.address.text() + fmt::format("/{}", c.flow.local.port) : c.flow.peer.text());
        found.push_back(std::move(f));
    }
    for (Finding& f : refused_behind_proxy(story)) found.push_back(std::move(f));
    return found;
}

}  // namespace

const Rule reset_received = {
    id, "an open connection was reset by the peer",
    "The peer's host ended the connection with a RST instead of a FIN. Its application closed with data unread, used SO_LINGER 0 or died, or its kernel no longer knew the "
    "connection. What was on its way is lost.",
    "The kernel accepted a RST for an established connection. Where the host that sent it was recorded and its kernel had no such connection, that is the cause: it was restarted, or the address moved to it. A new SYN "
    "with the same address and port before the RST shows a peer that forgot the connection. A FIN of the peer before it shows an application that had closed already. A recorded host that answered the SYN in the peer's name is a SYN proxy. The finding tells the state, how long the connection had been silent, and how much was unread or "
    "unacknowledged.",
    "Not a RST after both sides had sent FIN, nor one that answers a good-bye (a TLS close_notify) after the peer's close(). Not an even series of short connections that a health check resets. When the RST bears marks of another machine it is "
    "reset-forged; after long silence it is idle-reset; with the peer's trace at hand it becomes reset-sent with the process that did it.",
    "Look at the peer: did its process end, restart or close early at that time? Record there: the trace names the process and the kernel's reason.",
    find,
    proofs,
};

}  // namespace tcpwitness
