#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/at_the_door.h"
#include "findings/connect_given_up.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/forwarded.h"
#include "findings/link_addresses.h"
#include "findings/packets_alone.h"
#include "findings/strays.h"
#include "model/describe.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "connect-timeout";

enum { answer_lost, ignored, lost_outward, left_early };
constexpr Proof proofs[] = {
    {"the peer was recorded, got the SYN and answered; no answer came back here", silence | others({Other::other_cause, Other::never_left}), Lost::on_its_way},
    {"the SYN was seen arriving at the peer's host, which sent nothing back", silence | others({Other::other_holder}), Lost::in_the_host},
    {"the peer was recorded at that time and saw no SYN", silence | others({Other::other_holder, Other::rewritten, Other::never_left}), Lost::on_its_way},
    {"the answer came in after the application had closed its socket", 0},
};

/// What `lost_outward` asks of the sender's end: its SYNs are on its own wire.
Others left_here(const Connection& c) { return c.has(sign::syn_out) ? others({Other::never_left}) : 0; }

/// The kernel made SYNs, and none was ever seen on a device of this host: not the path lost them.
bool never_left(Finding& f, const Story& story, const Connection& c) {
    if (by_packets(c) || c.has(sign::syn_out) || !c.has(sign::syn_retransmit) || !packets_seen(story, c.witness) || story.blind(c.witness, Evidence::packets, c.witness, c.begin_ns, c.end_ns) != Blind::no) return false;
    f.certainty = Certainty::likely;
    for (const Event& event : story.neighbours) {
        const Neighbour& neighbour = *event.as<Neighbour>();
        if (neighbour.what == Neighbour::What::changed || event.witness != c.witness || event.time_ns < c.begin_ns || event.time_ns > c.end_ns) continue;
        if (event.flow.peer.address.family != c.flow.peer.address.family) continue;
        f.headline += fmt::format(": they wait for the link-layer address of {} on {}", event.flow.peer.address.text(), printable(neighbour.device));
        f.reasons.push_back(fmt::format("none was seen leaving {}, which asked for that neighbour and got no answer", place(story, c.witness)));
        f.settle = fmt::format("is {} up, and on that link? ip neighbour tells what the kernel knows", event.flow.peer.address.text());
        cite(f, &event);
        return true;
    }
    f.culprit = Culprit::local_configuration;
    f.headline += fmt::format(": none was seen leaving {}", place(story, c.witness));
    f.reasons.push_back(fmt::format("TCP sent them, and none came to a device of {}: something on this host took them", place(story, c.witness)));
    f.settle = "look for an IPsec policy without a key (ip xfrm policy, ip xfrm state) and for programs on the devices (tcpwitness doctor --environment)";
    return true;
}

/// Where a recorded host between lost it: then no program and no device of the silent host did.
void lost_between(Finding& f, const Story& story, const Connection& c, const Endpoint& source, PacketKind kind) {
    const auto where = tell_loss(f, story, c.flow, source, kind);
    if (!where) return;
    f.excluded |= others({Other::hidden_program, Other::device_down});
    f.headline += fmt::format(": it got lost in {}", place(story, *where));
}

/// The SYN was answered, but by what is left of an older connection with the same addresses and ports.
bool tell_older(Finding& f, const Story& story, const Connection& c, std::optional<WitnessId> asked) {
    const Event* refused = met_older(c);
    const Event* ack = asked ? ack_of_older(story, c, *asked) : nullptr;
    if (!refused && !ack) return false;
    f.culprit = Culprit::path;
    f.certainty = Certainty::likely;
    f.headline += ": its SYN met an older connection with the same addresses and ports, open or in TIME_WAIT there, which answered with an ACK of its own";
    if (ack) f.reasons.push_back(fmt::format("{} answered the SYN with an ACK, not with a SYN-ACK", place(story, ack->witness)));
    if (refused) f.reasons.push_back(fmt::format("{}'s kernel did not take that ACK for an answer, and reset it", place(story, c.witness)));
    f.reasons.push_back("a port was used again too soon: by an address translator that several clients share, or after a restart");
    f.settle = fmt::format("see which connections {} has with that address and port (ss -tan), and how soon the translator gives a port to the next client", c.flow.peer.address.text());
    cite(f, refused);
    cite(f, ack);
    return true;
}

/// What the peer's own trace makes of it. False: there is none, or it cannot tell.
void ask_peer(Finding& f, const Story& story, const Connection& c, const Homes& homes, std::optional<Strangers>& strangers) {
    const auto home = homes.of(c.flow.peer.address, c.witness);
    const Connection* peer = story.other_end(c);
    const auto peer_witness = peer ? std::optional(peer->witness) : home;
    const auto arrived = sightings_of_syns(story, c);

    if (tell_older(f, story, c, peer_witness)) return add_end(f, peer);
    if (peer) {
        add_end(f, peer);
        for (const Event& event : peer->events) cite(f, &event);
        const std::string peer_place = place(story, peer->witness);
        if (peer->has(sign::knock | sign::rst_out | sign::reset_sent)) {
            f.certainty = Certainty::likely;
            f.reasons.push_back(fmt::format("the SYN reached {}, which answered with RST; no RST came back to {}: lost on the return path", peer_place, place(story, c.witness)));
        } else if (!peer->has(sign::syn_ack_out | sign::syn_ack_retransmit)) {
            if (!watched(story, peer->witness, f)) return;
            f.culprit = Culprit::peer_host;
            f.certainty = Certainty::likely;
            f.reasons.push_back(fmt::format("the SYN reached {}, which answered nothing", peer_place));
            f.settle = fmt::format("look on {} for a firewall rule or a full accept queue", peer_place);
        } else if (c.has(sign::syn_ack_in)) {
            f.culprit = Culprit::local_firewall;
            f.certainty = Certainty::likely;
            f.reasons.push_back(fmt::format("the SYN-ACK came back to {}, whose TCP did not take it", place(story, c.witness)));
            f.settle = fmt::format("look on {} for a firewall rule that drops incoming packets", place(story, c.witness));
        } else {
            const bool seen = watched(story, c.witness, f);
            f.certainty = Certainty::likely;
            f.settle = fmt::format("record packets on {} too: then it is known whether the SYN-ACK came back", place(story, c.witness));
            const auto answers = sightings(story, c.flow, c.flow.peer, PacketKind::syn_ack);
            const bool came = std::any_of(answers.begin(), answers.end(), [&](const Sighting& one) { return one.witness == c.witness && !one.entered.empty(); });
            if (!peer->has(sign::syn_ack_out) && packets_seen(story, peer->witness)) {
                f.culprit = Culprit::peer_host;
                f.headline += fmt::format(": no SYN-ACK of {} was seen leaving it", peer_place);
                f.reasons.push_back(fmt::format("{} got the SYN and its TCP answered; what it sent never came to a device there: something on that host took it", peer_place));
                f.settle = fmt::format("look on {} for an IPsec policy, a program on its devices, a neighbour that does not answer", peer_place);
                return;
            }
            if (seen) prove(f, proofs[answer_lost], (came ? 0 : others({Other::other_cause})) | (peer->has(sign::syn_ack_out) ? others({Other::never_left}) : 0));
            lean_on_arrival(f, c.witness, peer->witness);
            f.reasons.push_back(fmt::format("{} got the SYN and answered SYN-ACK; no SYN-ACK {} {}: lost on the return path", peer_place,
                                            seen ? "came back to" : "was taken by", place(story, c.witness)));
            lost_between(f, story, c, c.flow.peer, PacketKind::syn_ack);
        }
        return;
    }
    for (const Sighting& seen : arrived) {
        if (!peer_witness || seen.witness != *peer_witness || seen.entered.empty() || !watched(story, seen.witness, f)) continue;
        f.culprit = Culprit::peer_host;
        prove(f, proofs[ignored], others({Other::other_holder}));
        lean_on(f, seen.witness);
        cite(f, seen.entered);
        f.reasons.push_back(fmt::format("the SYN arrived at {} on {}, and {} sent nothing back{}", place(story, seen.witness), interface_name(story, *seen.entered.front()),
                                        place(story, seen.witness), misaddressed(story, seen.entered) ? "" : ": its firewall or a full queue dropped it"));
        return;
    }
    if (peer_witness && *peer_witness != c.witness) {
        if (!watched(story, *peer_witness, f) || !surely_unseen(f, story, c, *peer_witness, strangers)) return;
        prove(f, proofs[lost_outward], others({Other::other_holder, Other::rewritten}) | left_here(c));
        lean_on(f, *peer_witness);
        f.reasons.push_back(fmt::format("{} was recorded at that time and saw no SYN: lost on the way out", place(story, *peer_witness)));
        lost_between(f, story, c, c.flow.local, PacketKind::syn);
        return;
    }
    if (const auto guessed = peer_witness ? std::nullopt : homes.guess(c.flow.peer, c.witness); guessed && watched(story, *guessed, f)) {
        if (!surely_unseen(f, story, c, *guessed, strangers)) return;
        f.certainty = Certainty::likely;
        lean_on(f, *guessed);
        f.settle = fmt::format("make sure that {} holds {}: the trace does not tell its addresses", place(story, *guessed), c.flow.peer.address.text());
        f.reasons.push_back(fmt::format("{} listens on port {}, was recorded at that time and saw no SYN: lost on the way out", place(story, *guessed), c.flow.peer.port));
        tell_loss(f, story, c.flow, c.flow.local, PacketKind::syn);
        return;
    }
    if (const auto last_seen = tell_loss(f, story, c.flow, c.flow.local, PacketKind::syn)) {
        f.certainty = Certainty::likely;
        lean_on(f, *last_seen);
        f.settle = fmt::format("tell whether {} holds {}: if it does, it is the peer and drops the SYN itself", place(story, *last_seen),
                               c.flow.peer.address.text());
        return;
    }
    for (const Sighting& seen : arrived)
        if (!seen.left.empty() && seen.witness != c.witness) {
            f.reasons.push_back(fmt::format("{} let the SYN through: it left on {}, so it was lost, or not answered, behind that", place(story, seen.witness), interface_name(story, *seen.left.front())));
            cite(f, seen.left);
        }
}

/// The capture ended before its sender gave up: SYNs sent again, and nothing at all came back.
bool still_trying(const Connection& c) {
    return by_packets(c) && c.ending == Ending::open && c.role == Role::client && c.has(sign::syn_retransmit) && !c.has(sign::established | sign::syn_ack_in | sign::rst_in | sign::icmp_error);
}

/// By packets alone: what the application got is not told, only that nobody answered.
void tell_packets(Finding& f, const Story& story, const Connection& c, const std::vector<const Event*>& syns) {
    std::string times = count_text(syns.size(), "SYN", "SYNs");
    if (syns.size() > 1) times += " over " + since(syns.front()->time_ns, syns.back()->time_ns);
    const std::uint64_t over = watched_until(story, c.witness, syns.back()->time_ns, story.end_ns);
    const std::uint64_t after = over > syns.back()->time_ns ? over - syns.back()->time_ns : 0;
    if (c.role == Role::server) {
        f.culprit = Culprit::local_firewall;
        f.headline = fmt::format("{} got no answer to {} from {}{}: they arrived here, and nothing was sent back", c.flow.peer.text(), times, c.flow.local.text(), at_place(story, c));
        f.settle = "look at this host's packet filter, and at the listener's queues; record here with `tcpwitness record`";
    } else {
        f.headline = fmt::format("{}{}: no answer to {} to {}{}", who(c), at_place(story, c), times, c.flow.peer.text(), still_trying(c) ? ", unanswered until the capture ended" : "");
    }
    const auto resets = packets(c, [&](const Segment& segment) { return segment.rst() && segment.outgoing == (c.role == Role::client); });
    if (!resets.empty()) {
        f.reasons.push_back(fmt::format("it gave up with a RST, {} after the first SYN", since(syns.front()->time_ns, resets.front()->time_ns)));
        return cite(f, resets.front());
    }
    f.reasons.push_back(fmt::format("nothing more of it was captured in the {} after the last SYN", duration_text(after)));
}

/// The application did not wait for the kernel's verdict, or the recording did not.
void tell_given_up(Finding& f, const Story& story, const Connection& c, const GivenUpConnect& how, std::size_t syns) {
    const std::string unanswered = count_text(syns, "SYN", "SYNs") + " unanswered";
    const std::string time = since(how.began_ns, how.end_ns);
    const std::string connect = fmt::format("{}{}: connect() to {}", who(c), at_place(story, c), c.flow.peer.text());
    f.onset_ns = how.began_ns;
    if (how.pending) {
        f.headline = fmt::format("{} had no answer after {}, when the recording ended: {}", connect, time, unanswered);
        f.reasons.push_back("the kernel was still trying");
    } else if (how.exit) {
        const ProcessExit& exit = *how.exit->as<ProcessExit>();
        f.headline = fmt::format("{} ended with its process after {}: {}", connect, time, unanswered);
        f.reasons.push_back(exit.signal() ? fmt::format("{} was killed by {} while it waited", who(exit.task), killer(exit))
                                          : fmt::format("{} exited with status {} while the kernel was still trying", who(exit.task), exit.status()));
        cite(f, how.exit);
    } else {
        f.headline = fmt::format("{} given up by {} after {}: {}", connect, c.owner.comm.empty() ? "the application" : printable(c.owner.comm), time, unanswered);
        f.reasons.push_back("the application closed the socket while the kernel was still trying: the time limit is its own");
    }
    cite(f, last<StateChange>(c));
}

/// A signal ended connect() early. The kernel goes on connecting; many a program takes it for a failure.
void tell_interrupted(Finding& f, const Connection& c) {
    for (const Event& event : c.events) {
        const Call* call = event.as<Call>();
        constexpr std::int32_t restart_first = 512, restart_last = 516;  // what the kernel has inside for EINTR (ERESTARTSYS and the like)
        if (!call || call->op != Call::Op::connect || call->phase != Call::Phase::exit || (call->ret != -EINTR && (call->ret < -restart_last || call->ret > -restart_first))) continue;
        f.reasons.push_back("a signal ended connect() with EINTR: the kernel went on connecting, and the program did not wait for that");
        return cite(f, &event);
    }
}

/// What only the host that was asked was recorded for: the SYNs were meant for another machine on the link.
std::vector<Finding> meant_for_another(const Story& story) {
    std::vector<Finding> found;
    std::optional<Homes> homes;
    for (const Unanswered& one : unanswered_syns(story)) {
        const Event& first = *one.syns.front();
        const auto wrong = one.client ? std::nullopt : misaddressed(story, one.syns);
        if (!wrong) continue;
        if (!homes) homes.emplace(story);
        if (homes->of(first.flow.local.address, first.witness) != first.witness) continue;  // a copy of others' traffic
        Finding f;
        f.rule = id;
        f.culprit = Culprit::path;
        f.certainty = Certainty::likely;
        f.first_ns = first.time_ns;
        f.last_ns = one.syns.back()->time_ns;
        f.headline = fmt::format("{} got no answer to {} to {}: the frames are addressed to {}, which is another machine on the link", first.flow.peer.address.text(),
                                 count_text(one.syns.size(), "SYN", "SYNs"), first.flow.local.text(), mac_text(wrong->to));
        f.reasons.push_back(wrong->text);
        f.settle = fmt::format("look at the neighbour table of {}, or of its router, for {}; announce the address when it moves (gratuitous ARP, unsolicited neighbour advertisement)",
                               first.flow.peer.address.text(), first.flow.local.address.text());
        cite(f, one.syns);
        f.fold_key = fmt::format("link/{}/{}", first.witness, first.flow.local.text());
        found.push_back(std::move(f));
    }
    return found;
}

/// The time limit is shorter than the way there and back.
void tell_late_answer(Finding& f, const Story& story, const Connection& c, const GivenUpConnect& how) {
    const std::string limit = since(how.began_ns, how.end_ns), answer = since(how.began_ns, how.answer->time_ns);
    f.culprit = Culprit::local_application;
    prove(f, proofs[left_early]);
    f.headline = fmt::format("{}{}: connect() to {} was given up after {}, and the SYN-ACK came {} after the SYN", who(c), at_place(story, c), c.flow.peer.text(), limit, answer);
    f.reasons.push_back(fmt::format("nothing shows that a packet was lost: the limit of {} is shorter than the answer takes", limit));
    f.last_ns = how.answer->time_ns;
    cite(f, how.answer);
    add_end(f, story.other_end(c));
}

std::vector<const Event*> syns_captured(const Connection& c) {
    return packets(c, [](const Segment& segment) { return segment.syn(); });
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found = meant_for_another(story);
    for (Finding& f : forwarded_silences(story, id)) found.push_back(std::move(f));
    std::optional<Homes> homes;
    std::optional<Strangers> strangers;
    for (const Connection& c : story.with(trait::unopened | trait::failed)) {
        const bool trying = still_trying(c);
        const auto given_up = trying || c.ending == Ending::connect_timeout ? std::nullopt : given_up_connect(story, c);
        if (c.ending != Ending::connect_timeout && !trying && !given_up) continue;
        if (answer_not_captured(story, c)) continue;
        if (!homes) homes.emplace(story);
        const bool told_by_packets = by_packets(c);
        const auto syns = told_by_packets ? syns_captured(c) : syns_sent(c);
        if (told_by_packets && syns.empty()) continue;
        const Event* error = last<SocketError>(c);
        const Event* result = failed_connect(c);
        const Event* end = result ? result : error ? error : &c.events.back();
        const std::uint64_t began = syns.empty() ? c.begin_ns : syns.front()->time_ns;

        Finding f = about(id, Culprit::path, Certainty::possible, c, given_up ? given_up->end_ns : end->time_ns);
        f.first_ns = began;
        std::vector<std::uint64_t> times;
        for (const Event* syn : syns) times.push_back(syn->time_ns);
        f.headline = fmt::format("{}{}: connect() to {} timed out after {}: {} sent and no answer came", who(c), at_place(story, c),
                                 c.flow.peer.text(), since(began, end->time_ns), count_text(syns.size(), "SYN was", "SYNs were"));
        if (times.size() > 1) f.reasons.push_back(fmt::format("SYNs were sent again {}", intervals_text(times)));
        tell_interrupted(f, c);
        if (given_up)
            tell_given_up(f, story, c, *given_up, std::max<std::size_t>(syns.size(), 1));
        else if (!told_by_packets)
            f.reasons.push_back(fmt::format("the kernel gave up with ETIMEDOUT {} after the first SYN", since(began, end->time_ns)));
        cite(f, syns);
        cite(f, error);
        cite(f, result);
        f.settle = record_on(c.flow.peer.address) + ": it tells whether the path or that host dropped the SYN";
        if (told_by_packets) tell_packets(f, story, c, syns);
        f.weight = syns.empty() ? 0 : syns.back()->time_ns - syns.front()->time_ns;
        f.fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, (c.role == Role::server ? c.flow.local : c.flow.peer).text());
        if (given_up && given_up->answer)
            tell_late_answer(f, story, c, *given_up);
        else if (!never_left(f, story, c))
            ask_peer(f, story, c, *homes, strangers);
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule connect_timeout = {
    id, "a connect got no answer: the kernel gave up with ETIMEDOUT, or the application did before it",
    "The kernel sent a SYN, sent it again several times, and got no usable answer to any of them. Either the SYN never reached the peer, or the peer "
    "ignored it, or its answer never came back. From this host alone these look the same.",
    "SYN, its retransmits, error ETIMEDOUT (110), then CLOSE. Or the socket was closed in SYN_SENT by an application with a time limit of its own, or by the end of its process; or SYNs were "
    "unanswered when the recording ended. The finding gives the number of SYNs, the times between them and the total. When the "
    "peer's trace is in the story too: a SYN that never arrived there means loss on the way out, an answer that never arrived here means loss on the "
    "way back, and both are proven. SYNs that arrive there under the link-layer address of another machine point at an old neighbour entry. Where only a host on the way was recorded: SYNs that it passed on again and again, and nothing that came back.",
    "Not a connect that was taken back within 200 ms: an answer was not yet due. Not a first address that another one replaced at once (fallback). Not a refusal: that is answered by a RST at once (connect-refused). Not a slow application: the peer's kernel answers a SYN without it, unless its "
    "accept queue is full. When a RST under the client's name kills the peer's half of the handshake, the finding is reset-forged.",
    "Check that the address and port are right and that the host is up. Record on the peer at the same time and report both traces together. Look for a "
    "firewall that drops silently, on the peer and on the way, and for an asymmetric route back.",
    find,
    proofs,
};

}  // namespace tcpwitness
