#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/flood.h"
#include "findings/packets_alone.h"
#include "findings/queue_facts.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "handshake-incomplete";

enum { ack_lost, syn_ack_lost, flooded };
constexpr Proof proofs[] = {
    {"the client was recorded, got the SYN-ACK and answered; no ACK came here", silence, Lost::on_its_way},
    {"the client was recorded and never got the SYN-ACK that left here", silence | others({Other::never_left}), Lost::on_its_way},
    {"the recorder counted every SYN, and every SYN-ACK that answered one", 0},
};
constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t cookie_patience_ns = 2 * second_ns;  ///< without a cookie the SYN-ACK would be sent again after 1 s
constexpr std::size_t least_syn_acks = 3;  // two of them sent again

/// SYNs that were answered with SYN-ACK and became no connection, so many that the recorder only counted most of them.
FloodsByPort floods_of(const Story& story) {
    FloodsByPort floods;
    using What = Repeats::What;
    for (const Event& event : story.repeats)
        if (event.as<Repeats>()->what == What::handshake_out && event.flow.local.port) floods[{event.witness, event.flow.local.port}];
    for (const Event& event : story.repeats) {
        if (const auto flood = floods.find({event.witness, event.flow.local.port}); flood != floods.end() && event.as<Repeats>()->what == What::handshake_in)
            flood->second.add(event);
        if (const auto flood = floods.find({event.witness, event.flow.peer.port}); flood != floods.end() && event.as<Repeats>()->what == What::handshake_out)
            flood->second.forwarded = true;  // SYNs that left again, for another host
    }
    std::erase_if(floods, [](const auto& flood) { return flood.second.count == 0; });
    return floods;
}

Finding raise_flood(const Story& story, WitnessId witness, std::uint16_t port, const Flood& flood) {
    Finding f = flood.finding(id, proofs[flooded]);
    const bool names_place = flood.forwarded || story.witnesses.size() > 1;
    f.headline = fmt::format("a flood: SYNs from {} to port {}{} were answered, and no connection came of them", flood.sources(), port,
                             names_place ? (flood.forwarded ? " through " : " on ") + place(story, witness) : std::string());
    f.fold_key = fmt::format("flood/{}/{}", witness, port);
    return f;
}

/// By packets seen at the client's side or on the way: the server's SYN-ACK came again and again, and nothing of the client followed.
std::optional<Finding> raise_from_the_client(const Story& story, const Connection& c) {
    if (!by_packets(c) || c.role != Role::client || !c.has(sign::syn_ack_in) || c.has(sign::rst_in | sign::rst_out)) return std::nullopt;
    const auto answers = packets(c, [](const Segment& segment) { return segment.syn_ack() && !segment.outgoing; });
    if (answers.size() < least_syn_acks) return std::nullopt;
    Finding f = about(id, Culprit::unknown, Certainty::possible, c, answers.back()->time_ns);
    f.first_ns = c.begin_ns;
    f.headline = fmt::format("{} never completed its handshake with {}{}: the SYN-ACK was sent {} over {} and no ACK was seen", c.flow.local.text(), c.flow.peer.text(), at_place(story, c),
                             count_text(answers.size(), "time", "times"), since(answers.front()->time_ns, answers.back()->time_ns));
    std::vector<std::uint64_t> times;
    for (const Event* event : answers) times.push_back(event->time_ns);
    f.reasons.push_back("the SYN-ACK was sent again " + intervals_text(times));
    cite(f, answers);
    f.settle = record_on(c.flow.local.address) + ": it tells whether the SYN-ACK arrived there";
    f.fold_key = fmt::format("client/{}/{}", c.witness, c.flow.peer.text());
    return f;
}

/// The client is connected, and this host knows nothing of it: its ACK was lost, and with a SYN cookie no SYN-ACK is sent again.
std::optional<Finding> left_by_cookie(const Story& story, const Connection& c) {
    const Connection* client = story.other_end(c);
    if (!client || !client->established_ns || !c.has(sign::syn_ack_out) || c.has(sign::syn_ack_retransmit | sign::dropped)) return std::nullopt;
    if (client->has(sign::rst_in | sign::reset_received) || !packets_seen(story, c.witness)) return std::nullopt;
    const std::uint64_t until_ns = std::min(client->live() ? story.recording_of(client->witness).end_ns : client->end_ns, story.recording_of(c.witness).end_ns);
    if (until_ns < *client->established_ns + cookie_patience_ns + story.uncertainty_ns(c.witness, client->witness)) return std::nullopt;
    if (story.blind(c.witness, Evidence::sockets, client->witness, *client->established_ns, until_ns) != Blind::no) return std::nullopt;
    const Event* cookies = syn_cookies_sent(story, c.witness, c.begin_ns);  // a listener with TCP_DEFER_ACCEPT keeps quiet, too
    if (!cookies) return std::nullopt;
    Finding f = about(id, Culprit::path, Certainty::likely, c, until_ns);
    f.first_ns = c.begin_ns;
    f.headline = fmt::format("{}{} is connected to {}, but {} knows nothing of it: the ACK that completes the handshake was lost, and in {} the SYN-ACK was not sent again", who(*client), at_place(story, *client),
                             client->flow.peer.text(), place(story, c.witness), since(*client->established_ns, until_ns));
    f.reasons.push_back(fmt::format("{} got the SYN-ACK and answered; no connection came of it on {}", place(story, client->witness), place(story, c.witness)));
    f.reasons.push_back(fmt::format("{} sent a SYN cookie at that time: it keeps nothing of such a handshake, and cannot send the SYN-ACK again", place(story, c.witness)));
    cite(f, cookies);
    f.reasons.push_back("where the server speaks first (MySQL, SMTP, SSH), both wait for ever; what the client sends first would complete the handshake");
    cite(f, packets(c, [](const Segment& segment) { return segment.syn() || segment.syn_ack(); }));
    cite(f, packets(*client, [](const Segment& segment) { return segment.syn_ack(); }));
    f.settle = "record both ends with --segments: they show the ACK that left the client, and that it did not arrive";
    add_end(f, client);
    f.fold_key = fmt::format("cookie/{}/{}", c.witness, c.flow.local.text());
    return f;
}

/// The answer takes another way than the question.
void tell_devices(Finding& f, const Story& story, const Connection& c) {
    const Event *asked = nullptr, *answered = nullptr;
    for (const Event& event : c.events)
        if (const Segment* segment = event.as<Segment>()) {
            if (segment->syn() && !segment->outgoing) asked = &event;
            if (segment->syn_ack() && segment->outgoing) answered = &event;
        }
    if (!asked || !answered || asked->as<Segment>()->interface == answered->as<Segment>()->interface) return;
    f.reasons.push_back(fmt::format("the SYN came in on {}, and the SYN-ACK left on {}: a network that checks source addresses, or a stateful firewall on either way, drops such an answer", interface_name(story, *asked),
                                    interface_name(story, *answered)));
    f.settle = fmt::format("see which route leads to {} (ip route get {} from {}); a routing rule by source address makes answers leave where the question came in", c.flow.peer.address.text(),
                           c.flow.peer.address.text(), c.flow.local.address.text());
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    FloodsByPort floods = floods_of(story);
    for (const Connection& c : story.with(trait::unopened)) {
        if (c.has(sign::established)) continue;
        if (!c.embryonic) {
            if (auto seen = raise_from_the_client(story, c)) found.push_back(std::move(*seen));
            continue;
        }
        if (const auto flood = floods.find({c.witness, c.flow.local.port}); flood != floods.end() && c.begin_ns + second_ns > flood->second.first_ns) {
            flood->second.add(c);
            continue;
        }
        if (auto left = left_by_cookie(story, c)) {
            found.push_back(std::move(*left));
            continue;
        }
        if (c.ending != Ending::handshake_expired) continue;
        const auto again = syn_acks_again(c);
        if (again.empty()) continue;
        const Connection* client = story.other_end(c);
        // The client gave up by itself: it closed the socket while it waited.
        if (client && client->ending == Ending::closed && !client->has(sign::established)) continue;

        std::vector<std::uint64_t> times;
        for (const Event* event : again) times.push_back(event->time_ns);
        Finding f = about(id, Culprit::path, Certainty::possible, c, again.back()->time_ns);
        f.first_ns = c.begin_ns;
        const Connection* listener = story.connection(c.listener);
        f.headline = fmt::format("{} never completed its handshake with {}{}{}: the SYN-ACK was sent again {} over {} and no ACK came", c.flow.peer.text(), c.flow.local.text(),
                                 listener && listener->owner.known() ? fmt::format(" (listener: {})", who(*listener)) : "", at_place(story, c),
                                 count_text(again.size(), "time", "times"), since(c.begin_ns, again.back()->time_ns));
        if (times.size() > 1) f.reasons.push_back("the SYN-ACK was sent again " + intervals_text(times));
        tell_devices(f, story, c);
        cite(f, packets(c, [](const Segment& segment) { return segment.syn() || segment.syn_ack(); }));
        cite(f, again);
        if (f.settle.empty()) f.settle = record_on(c.flow.peer.address) + ": it tells whether the SYN-ACK arrived there";
        if (client) {
            add_end(f, client);
            if (watched(story, client->witness, f)) {
                const bool arrived = client->has(sign::syn_ack_in | sign::established);
                prove(f, proofs[arrived ? ack_lost : syn_ack_lost], c.has(sign::syn_ack_out) ? others({Other::never_left}) : 0);
                if (arrived) lean_on_arrival(f, c.witness, client->witness);
                else lean_on(f, client->witness);
                f.reasons.push_back(arrived ? fmt::format("{} got the SYN-ACK and answered; the ACK was lost on its way here", place(story, client->witness))
                                            : fmt::format("{} never got the SYN-ACK: lost on the way there", place(story, client->witness)));
                if (!arrived) tell_loss(f, story, c.flow, c.flow.local, PacketKind::syn_ack);
            }
        }
        f.fold_key = fmt::format("{}/{}", c.witness, c.flow.local.text());
        found.push_back(std::move(f));
    }
    for (const auto& [where, flood] : floods) found.push_back(raise_flood(story, where.first, where.second, flood));
    return found;
}

}  // namespace

const Rule handshake_incomplete = {
    id, "a client never completed the handshake",
    "A SYN arrived, this host answered SYN-ACK and sent it again, and the client's ACK never came. The half-open connection expired.",
    "SYN-ACK retransmits, two at least, of a connection that never became established. The finding tells how many and over which time. With the client's trace at hand it "
    "tells which way the packet was lost. Where both ends were recorded: a client that is connected for 2 s and more to a host that knows nothing of it and sends no SYN-ACK again, as after a SYN cookie. SYNs that come by the thousand and become no connection are one finding, with the sum of what was recorded and what was only counted.",
    "Not a single SYN-ACK retransmit that the ACK follows: that is ordinary loss. Many of these from many addresses may be a SYN flood or a port scan with forged source addresses.",
    "Record on the client at the same time. Look for an asymmetric route and for a firewall that passes SYN but not SYN-ACK. For a flood, see net.ipv4.tcp_syncookies and the listener's backlog.",
    find,
    proofs,
};

}  // namespace tcpwitness
