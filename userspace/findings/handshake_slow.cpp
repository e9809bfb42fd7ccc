#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/benign.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"
#include "findings/queue_facts.h"
#include "findings/strays.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "handshake-slow";

constexpr Proof proofs[] = {{"both ends were recorded, and their packets show which part took the time", silence, Lost::on_its_way}};
constexpr std::uint64_t slow_ns = 1'500'000'000;  ///< one lost SYN or SYN-ACK costs 1 s, and losing one is ordinary
constexpr std::uint64_t part_ns = 900'000'000;    ///< so much in one part, and that part is what made it slow
constexpr std::size_t enough_syn_acks = 2;        ///< TCP_DEFER_ACCEPT alone makes the kernel send one again

template <typename Wanted>
const Event* first_packet(const Connection& c, Wanted wanted) {
    const auto found = packets(c, wanted);
    return found.empty() ? nullptr : found.front();
}

const Event* syn_ack(const Connection& c, bool outgoing) {
    return first_packet(c, [&](const Segment& segment) { return segment.syn_ack() && segment.outgoing == outgoing; });
}

/// The SYN carried data or asked for Fast Open, and was lost; the plain one that the kernel sent then was answered at once.
const Event* lost_fast_open(const Connection& c, const std::vector<const Event*>& syns) {
    if (syns.size() < 2) return nullptr;
    const Segment *first = syns.front()->as<Segment>(), *last = syns.back()->as<Segment>();
    const bool plain = first && last && last->payload == 0 && (first->payload || first->options_length > last->options_length);
    return plain && *c.established_ns < syns.back()->time_ns + part_ns ? syns.front() : nullptr;
}

/// Which of a handshake's packets came late, by those that were captured: the SYN that was answered, the SYN-ACK, or the ACK that ends it.
enum class Late { syn, syn_ack, ack };
Late late_packet(std::uint64_t first_syn_ns, std::uint64_t last_syn_ns, std::uint64_t syn_ack_ns, std::uint64_t open_ns) {
    const auto took = [](std::uint64_t from, std::uint64_t to) { return to > from ? to - from : 0; };
    const std::uint64_t asking = took(first_syn_ns, std::min(last_syn_ns, syn_ack_ns)), answering = took(std::min(last_syn_ns, syn_ack_ns), syn_ack_ns), ending = took(syn_ack_ns, open_ns);
    if (ending >= asking && ending >= answering) return Late::ack;
    return answering > asking ? Late::syn_ack : Late::syn;
}

/// What ended it by packets is the client's bare ACK: where that was not captured, its first data tells nothing of the handshake.
bool ended_by_ack(const Connection& c) {
    return std::any_of(c.events.begin(), c.events.end(), [&](const Event& event) {
        const Segment* segment = event.as<Segment>();
        return segment && event.time_ns == *c.established_ns && segment->outgoing == (c.role == Role::client) && segment->payload == 0 && !segment->fin();
    });
}

/// Which part took the time, where the server's end was recorded too.
void ask_server(Finding& f, const Story& story, const Connection& client, const Connection& server, std::uint64_t began_ns) {
    const auto arrived = packets(server, [](const Segment& segment) { return segment.syn() && !segment.outgoing; });
    const Event* answered = syn_ack(server, true);
    const Event* came = syn_ack(client, false);
    if (arrived.empty() || !answered || !came) return;
    const std::string there = place(story, server.witness);
    cite(f, arrived.front());
    cite(f, answered);
    const auto took = [](const Event& from, const Event& to) { return to.time_ns > from.time_ns ? to.time_ns - from.time_ns : 0; };
    const std::uint64_t unsure_ns = story.uncertainty_ns(client.witness, server.witness);  // of times that are compared across clocks
    if (arrived.front()->time_ns >= began_ns + part_ns + unsure_ns) {
        lean_on(f, server.witness);
        f.reasons.push_back(fmt::format("{} was recorded and saw the first SYN arrive {} after it had left: those before were lost on the way there", there,
                                        since(began_ns, arrived.front()->time_ns)));
    } else if (took(*arrived.front(), *answered) >= part_ns) {
        lean_on(f, server.witness);
        f.culprit = Culprit::peer_host;
        f.reasons.push_back(fmt::format("the SYN reached {} at once, which answered {} later: its firewall or a full queue dropped the SYN", there,
                                        duration_text(took(*arrived.front(), *answered))));
    } else if (took(*answered, *came) >= part_ns + unsure_ns) {
        lean_on_arrival(f, client.witness, server.witness);
        f.reasons.push_back(fmt::format("{} answered at once; its SYN-ACK came back {} later: those before were lost on the way back", there,
                                        duration_text(took(*answered, *came))));
    } else {
        return;
    }
    prove(f, proofs[0]);
}

std::optional<Finding> at_client(const Story& story, const Connection& c) {
    if (c.role != Role::client || c.preexisting || !c.established_ns || !c.has(sign::syn_sent)) return std::nullopt;
    const Event* older = met_older(c);
    if (older && *c.established_ns < c.begin_ns + slow_ns) return harmless(benign::port_used_again, id, c, older->time_ns, between(story, c));
    if (*c.established_ns < c.begin_ns + part_ns) return std::nullopt;  // most are told from here, without a look at their events
    const auto syns = syns_sent(c);
    if (syns.empty()) return std::nullopt;
    const Event* fast_open = lost_fast_open(c, syns);
    if (*c.established_ns < syns.front()->time_ns + (fast_open ? part_ns : slow_ns)) return std::nullopt;
    const std::uint64_t began = syns.front()->time_ns;
    Finding f = about(id, Culprit::path, Certainty::possible, c, *c.established_ns);
    f.harm = Harm::delay;
    f.first_ns = began;
    f.weight = *c.established_ns - began;
    const Event* came = syn_ack(c, false);
    const Late late = came ? late_packet(began, syns.back()->time_ns, came->time_ns, *c.established_ns) : Late::syn;
    const bool again = came && syns.back()->time_ns > came->time_ns;
    if (late == Late::ack && by_packets(c) && !again && !ended_by_ack(c)) return std::nullopt;
    std::string part = syns.size() == 1 ? "one SYN was sent, and it took that long until a SYN-ACK came" : fmt::format("{} SYNs were sent until a SYN-ACK came", syns.size());
    if (late == Late::syn_ack) part = fmt::format("the SYN-ACK came {} after the SYN", since(std::min(syns.back()->time_ns, came->time_ns), came->time_ns));
    if (again) {
        part = fmt::format("the SYN-ACK was captured {} after the SYN, and the SYN was sent again all the same", since(began, came->time_ns));
        if (!on_the_way(c)) f.culprit = Culprit::local_firewall;
    } else if (late == Late::ack) {
        part = fmt::format("the SYN-ACK came after {}, and the ACK that ends it left {} later", since(began, came->time_ns), since(came->time_ns, *c.established_ns));
        if (!on_the_way(c)) f.culprit = Culprit::local_kernel;
    }
    f.headline = fmt::format("{}{}: the handshake with {} took {}: {}", who(c), at_place(story, c), c.flow.peer.text(), since(began, *c.established_ns), part);
    std::vector<std::uint64_t> times;
    for (const Event* syn : syns) times.push_back(syn->time_ns);
    if (times.size() > 1) f.reasons.push_back("SYNs were sent again " + intervals_text(times));
    if (fast_open) {
        const std::uint32_t bytes = fast_open->as<Segment>()->payload;
        f.headline += fmt::format("; the first asked for TCP Fast Open{} and was lost, a plain one was answered at once", bytes ? fmt::format(", with {} of data,", count_text(bytes, "byte", "bytes")) : "");
        f.reasons.push_back("a device on the path may drop SYNs with data or with the Fast Open option; where that comes again and again, switch Fast Open off (net.ipv4.tcp_fastopen, or the application's own setting)");
    }
    if (came && late != Late::ack && !again) f.reasons.push_back(fmt::format("the SYN-ACK came {} after the last SYN", since(times.back(), came->time_ns)));
    cite(f, syns);
    cite(f, came);
    cite(f, older);
    if (again) f.reasons.push_back("it did not reach the client's TCP: it was dropped behind the place of this capture, or the capture shows what never arrived");
    if (older) f.reasons.push_back("the SYN met an older connection with the same addresses and ports, which answered with an ACK of its own; this kernel reset that, and was let in with the next SYN");
    f.settle = record_on(c.flow.peer.address) + ": it tells whether SYNs were lost on the way, SYN-ACKs on the way back, or that host was slow to answer";
    if (const Connection* server = story.other_end(c)) {
        add_end(f, server);
        if (packets_seen(story, server->witness) && packets_seen(story, c.witness)) ask_server(f, story, c, *server, began);
    }
    f.fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, c.flow.peer.text());
    return f;
}

/// At the server's host, by packets alone: its own answer came late, or the ACK of it did, though no SYN-ACK had to be sent again.
std::optional<Finding> server_captured(const Story& story, const Connection& c) {
    if (*c.established_ns < c.begin_ns + slow_ns) return std::nullopt;
    const Event* answered = syn_ack(c, true);
    const auto syns = packets(c, [](const Segment& segment) { return segment.syn() && !segment.outgoing; });
    if (!answered || syns.empty() || syn_acks_again(c).size() >= enough_syn_acks) return std::nullopt;
    const std::uint64_t began = syns.front()->time_ns;
    if (*c.established_ns < began + slow_ns) return std::nullopt;
    const Late late = late_packet(began, syns.back()->time_ns, answered->time_ns, *c.established_ns);
    if (late == Late::ack && !ended_by_ack(c)) return std::nullopt;
    const bool ours = late != Late::ack && !on_the_way(c);
    Finding f = about(id, ours ? Culprit::local_kernel : Culprit::path, Certainty::possible, c, *c.established_ns);
    f.harm = Harm::delay;
    f.first_ns = began;
    f.weight = *c.established_ns - began;
    const std::string part = late == Late::ack ? fmt::format("the SYN was answered after {}, and the ACK that ends it came {} later", since(began, answered->time_ns), since(answered->time_ns, *c.established_ns))
                                               : fmt::format("the SYN-ACK left {} after the first of {}", since(began, answered->time_ns), count_text(syns.size(), "SYN", "SYNs"));
    f.headline = fmt::format("{}{}: the handshake of {} took {}: {}", c.flow.local.text(), at_place(story, c), c.flow.peer.text(), since(began, *c.established_ns), part);
    if (ours) f.reasons.push_back("the SYN had arrived here: this host's packet filter or a full queue did not let it be answered at once");
    cite(f, syns);
    cite(f, answered);
    f.settle = ours ? "look at this host's packet filter, and at the listener's queues; record here with `tcpwitness record`" : record_on(c.flow.peer.address) + ": it tells whether the ACK left late, or was lost on its way";
    f.fold_key = fmt::format("{}/{}/{}", c.witness, c.flow.local.text(), late == Late::ack);
    return f;
}

std::optional<Finding> at_server(const Story& story, const Connection& c) {
    if (c.role != Role::server || c.embryonic || c.preexisting || !c.established_ns) return std::nullopt;
    if (by_packets(c)) {
        if (auto slow = server_captured(story, c)) return slow;
    }
    if (*c.established_ns < c.begin_ns + slow_ns) return std::nullopt;
    const Event* answered = syn_ack(c, true);
    if (!answered || *c.established_ns < answered->time_ns + slow_ns) return std::nullopt;
    const auto again = syn_acks_again(c);
    const Connection* client_end = story.other_end(c);
    // With a SYN cookie none is sent again: then only the client can tell that it had been connected all the while.
    const bool by_cookie = again.empty() && syn_cookies_sent(story, c.witness, answered->time_ns) && client_end && client_end->established_ns && *client_end->established_ns + slow_ns < *c.established_ns;
    if (again.size() < enough_syn_acks && !by_cookie) return std::nullopt;
    Finding f = about(id, Culprit::path, Certainty::possible, c, *c.established_ns);
    f.harm = Harm::delay;
    f.first_ns = answered->time_ns;
    f.weight = *c.established_ns - answered->time_ns;
    f.headline = by_cookie ? fmt::format("{}: the handshake of {} took {}: its ACK was lost, and the SYN-ACK was not sent again, as this host keeps nothing of a handshake with a SYN cookie{}", c.flow.local.text(),
                                         c.flow.peer.text(), since(answered->time_ns, *c.established_ns), at_place(story, c))
                           : fmt::format("{}: the handshake of {} took {}: the SYN-ACK was sent again {} until its ACK came{}", c.flow.local.text(), c.flow.peer.text(),
                                         since(answered->time_ns, *c.established_ns), count_text(again.size(), "time", "times"), at_place(story, c));
    cite(f, answered);
    cite(f, again);
    f.settle = record_on(c.flow.peer.address) + ": it tells whether SYN-ACKs were lost on the way there or its ACKs on the way here";
    if (const Connection* client = client_end) {
        add_end(f, client);
        const Event* came = syn_ack(*client, false);
        if (came && packets_seen(story, client->witness)) {
            const bool quick = came->time_ns < answered->time_ns + part_ns + story.uncertainty_ns(c.witness, client->witness);
            f.reasons.push_back(quick ? fmt::format("the SYN-ACK reached {} at once, whose ACKs were lost on their way back", place(story, client->witness))
                                      : fmt::format("the SYN-ACK reached {} only after {}: those before were lost on the way there", place(story, client->witness),
                                                    since(answered->time_ns, came->time_ns)));
            prove(f, proofs[0]);
            if (quick) lean_on_arrival(f, c.witness, client->witness);
            else lean_on(f, client->witness);
            cite(f, came);
        }
    }
    f.fold_key = fmt::format("{}/{}", c.witness, c.flow.local.text());
    return f;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    for (const Connection& c : story.with(sign::reset_sent | trait::opened_late)) {
        auto finding = c.role == Role::client ? at_client(story, c) : at_server(story, c);
        if (!finding) continue;
        if (on_this_host(c) && finding->culprit == Culprit::path) {
            finding->culprit = Culprit::local_kernel;
            finding->reasons.push_back("both ends are on this host: no path lies between them");
        }
        found.push_back(std::move(*finding));
    }
    return found;
}

}  // namespace

const Rule handshake_slow = {
    id, "a connection was made, but its handshake took long",
    "The connection came about in the end, after SYNs or SYN-ACKs had to be sent again, or an answer took its time. Users see an application that hangs for a few seconds now and then.",
    "From the first SYN to ESTABLISHED 1.5 s or more; at a server, from the first SYN-ACK to its ACK 1.5 s or more with two SYN-ACKs sent again. One lost SYN or SYN-ACK costs 1 s and is not told: that "
    "happens on healthy networks. Told it is where the lost SYN asked for TCP Fast Open and a plain one was answered at once: devices drop such SYNs. So is an ACK that was lost where a SYN cookie had been sent. The finding tells which of the three packets was late. With both ends recorded the finding tells which part took the time: SYNs lost on the way, a host that answered late, SYN-ACKs lost on the way back.",
    "Not a handshake that fails (connect-timeout, handshake-incomplete). Not a slow application: the kernel answers a SYN without it, unless the accept queue is full. Not TCP_DEFER_ACCEPT, which waits for data by design.",
    "Record on the peer at the same time. If its host dropped the SYNs, look at its listener's accept queue and its firewall (conntrack table, rate limits). If the path did, look for loss, for ECMP with one broken leg, and "
    "for rate limits on SYNs.",
    find,
    proofs,
};

}  // namespace tcpwitness
