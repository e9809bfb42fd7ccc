#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/segments.h"
#include "findings/ttl.h"
#include "model/describe.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "answered-twice";

/// A client that got no answer sends its SYN again after a second. A capture may have missed that SYN.
constexpr std::uint64_t one_syn_ns = 900'000'000;

struct Answers {
    const Event *syn = nullptr, *first = nullptr, *other = nullptr;
    bool asked_again = false;  ///< the SYN was sent more than once: each may answer another copy
};

/// Two SYN-ACKs for one SYN that bring different numbers. After a RST the server has forgotten the first, and answers anew.
std::optional<Answers> answers(const Story& story, const Connection& c) {
    std::vector<const Event*> packets = kept_segments(c);
    for (const Event* event : story.unmatched_packets(c.flow))
        if (event->witness == c.witness && event->time_ns >= c.begin_ns) packets.push_back(event);
    std::stable_sort(packets.begin(), packets.end(), [](const Event* a, const Event* b) { return a->time_ns < b->time_ns; });
    Answers found;
    for (const Event* event : packets) {
        const Segment& segment = *event->as<Segment>();
        if (segment.rst()) return std::nullopt;
        if (segment.syn() && segment.outgoing) {
            if (found.syn && found.syn->as<Segment>()->seq != segment.seq) found = {};
            found.asked_again = found.syn != nullptr;
            if (!found.syn) found.syn = event;
        } else if (found.syn && segment.syn_ack() && !segment.outgoing && segment.ack == found.syn->as<Segment>()->seq + 1) {
            if (!found.first) found.first = event;
            else if (segment.seq != found.first->as<Segment>()->seq) return found.other = event, found;
        }
    }
    return std::nullopt;
}

/// What sets their senders apart, besides the number.
std::vector<std::string> differences(const Segment& a, const Segment& b, bool& strong) {
    std::vector<std::string> marks;
    if (a.ttl && b.ttl && a.ttl != b.ttl) {
        strong = strong || (far_apart(a.ttl, b.ttl) && !chosen(b.ttl));
        marks.push_back(fmt::format("they came with TTL {} and {}", a.ttl, b.ttl));
    }
    if (a.has_mac && b.has_mac && a.interface == b.interface && a.source_mac != b.source_mac) {
        strong = true;
        marks.push_back(fmt::format("they came from MAC {} and {}", mac_text(a.source_mac), mac_text(b.source_mac)));
    }
    if (a.mss != b.mss) marks.push_back(fmt::format("they offer an MSS of {} and {}", a.mss, b.mss));
    if (a.window_scale != b.window_scale || a.has_timestamps != b.has_timestamps) marks.push_back("their options differ");
    return marks;
}

std::optional<Finding> judge_one(const Story& story, const Connection& c) {
    const auto found = answers(story, c);
    if (!found) return std::nullopt;
    const Segment &first = *found->first->as<Segment>(), &other = *found->other->as<Segment>();
    bool strong = false;
    std::vector<std::string> marks = differences(first, other, strong);
    const std::uint64_t apart_ns = found->other->time_ns - found->first->time_ns;
    // Who has dropped a half-open connection, or keeps none (SYN cookies), answers the next copy of the SYN with another number.
    if (!strong && (found->asked_again || apart_ns > one_syn_ns)) return std::nullopt;
    Finding f = about(id, Culprit::path, Certainty::likely, c, found->other->time_ns);
    f.first_ns = found->syn->time_ns;
    if (c.established_ns && (c.both_closed() || c.live())) f.harm = Harm::delay;
    f.headline = fmt::format("{}{}: two machines answered the SYN to {} in its name, {} apart", who(c), at_place(story, c), c.flow.peer.text(), duration_text(apart_ns));
    f.reasons.push_back(fmt::format("both SYN-ACKs acknowledge the same SYN, and their numbers are {} and {}: one stack has one number for it", first.seq, other.seq));
    for (std::string& mark : marks) f.reasons.push_back(std::move(mark));
    if (c.established_ns) f.reasons.push_back("the client went on with the first; what the second gets is not of its connection, and it answers that with RST");
    cite(f, found->syn);
    cite(f, found->first);
    cite(f, found->other);
    add_end(f, story.other_end(c));
    f.settle = fmt::format("ask on the link of {} who has that address (arping -D, ip neighbour), and {}: it tells which of the two SYN-ACKs it sent", c.flow.peer.address.text(), record_on(c.flow.peer.address));
    f.fold_key = fmt::format("{}/{}", c.witness, c.flow.peer.text());
    return f;
}

std::vector<Finding> find(const Story& story) {
    std::vector<const Connection*> all;
    for (const Connection& c : story.with(sign::other_answer | trait::captured)) all.push_back(&c);
    for (const Event& event : story.unmatched)
        if (const Segment* segment = event.as<Segment>(); segment && segment->syn_ack() && !segment->outgoing)
            for (const Connection* c : story.with_flow(event.flow)) all.push_back(c);
    std::sort(all.begin(), all.end(), [](const Connection* a, const Connection* b) { return a->id < b->id; });
    all.erase(std::unique(all.begin(), all.end()), all.end());
    std::vector<Finding> found;
    for (const Connection* c : all)
        if (c->role == Role::client && c->has(sign::syn_ack_in) && !on_this_host(*c))
            if (auto one = judge_one(story, *c)) found.push_back(std::move(*one));
    return found;
}

}  // namespace

const Rule answered_twice = {
    id, "two machines answered one SYN in the name of one address",
    "The client asked once and got two answers that cannot be of one stack. Two hosts have the address, or a device on the path answers in the server's name. Which of them the client talks to is chance, and "
    "what the other one sends can reset the connection.",
    "Two SYN-ACKs that acknowledge the same SYN and bring different numbers of their own. Either no copy of the SYN was sent before them, or they came from different MAC addresses or different distances (TTL).",
    "Not a SYN-ACK that was sent again: that has the same number. Not a server that forgot a half-open connection, after a RST or because it keeps none (SYN cookies), and answers the next copy of the SYN anew. Not an answer from "
    "another address (wrong-address).",
    "Ask on the server's link who has the address: arping -D, the switch's MAC table, the neighbour caches of both. Look for a clone of a virtual machine, a cluster whose both nodes hold the address, a load balancer in mirroring "
    "mode, an inspection box.",
    find,
};

}  // namespace tcpwitness
