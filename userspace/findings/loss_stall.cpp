#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/bare_acks.h"
#include "findings/device_facts.h"
#include "findings/drop_cause.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"
#include "findings/segments.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "loss-stall";

// A single lost tail costs a timeout of 0.2 to 1 s; that happens on healthy networks.
constexpr std::uint64_t long_stall_ns = 3'000'000'000;
constexpr std::uint64_t short_stall_ns = 1'000'000'000;  ///< enough when the same segment had to be sent again and again:
constexpr std::size_t many_rounds = 3;
constexpr std::uint64_t longest_timeout_ns = 150'000'000'000;  ///< Linux: TCP_RTO_MAX is 120 s; and some more
/// No single stall, but the whole transfer suffers.
constexpr std::uint32_t many_resends = 50, share_percent = 5;
constexpr std::size_t many_timeouts = 10;

/// A time in which a sender's data waited for an ACK, and some of it was sent again.
struct Stall {
    bool outgoing = false;
    std::uint64_t from_ns = 0, to_ns = 0;
    std::vector<const Event*> resends;
    const Event* first_sent = nullptr;  ///< null: its first copy was not captured
    const Event* ended = nullptr;       ///< the ACK that ended it; null: the session, or the capture, ended first
    bool in_vain = false;               ///< it had been acknowledged: the ACKs did not arrive
    bool heard = false;                 ///< packets of the other end came in that time

    std::uint64_t took_ns() const { return to_ns > from_ns ? to_ns - from_ns : 0; }
    bool worth_telling() const {
        return !resends.empty() && (took_ns() >= long_stall_ns || (resends.size() >= many_rounds && took_ns() >= short_stall_ns));
    }
};

bool is_resend(const Segment& segment) {
    return segment.marks & segment_mark::retransmission && segment.payload && !(segment.marks & (segment_mark::window_probe | segment_mark::keepalive));
}

/// The stalls of one direction, by packets. A closed window is another matter, and ends what was counted.
class Stalls {
public:
    Stalls(const Connection& c, bool outgoing) : c_(c) { stall_.outgoing = outgoing; }

    std::vector<Stall> find(std::uint64_t watched_to_ns) {
        for (const Event& event : c_.events) {
            const Segment* segment = event.as<Segment>();
            if (!segment || segment->syn() || segment->syn_ack()) continue;
            if (const auto before_ns = std::exchange(last_ns_, event.time_ns); before_ns && event.time_ns - std::min(event.time_ns, *before_ns) > longest_timeout_ns) skip();
            if (segment->rst()) {
                over(nullptr, event.time_ns);
                return std::move(found_);
            }
            if (segment->outgoing == stall_.outgoing)
                sent(event, *segment);
            else
                answered(event, *segment);
        }
        over(nullptr, watched_to_ns);
        return std::move(found_);
    }

private:
    void sent(const Event& event, const Segment& segment) {
        if (segment.payload == 0) return;
        if (const bool in_vain = segment.marks & segment_mark::spurious && acked_ && !seq_after(end_of(segment), *acked_); in_vain) {
            if (!vain_.resends.empty() && vain_.resends.back()->as<Segment>()->seq != segment.seq) end_vain();
            if (vain_.resends.empty()) vain_.from_ns = event.time_ns;
            vain_.resends.push_back(&event);
            vain_.to_ns = event.time_ns;
            return;
        }
        if (!(segment.marks & segment_mark::retransmission)) end_vain();
        if (closed_) return;
        if (!waits_) {
            stall_ = {.outgoing = stall_.outgoing, .from_ns = event.time_ns};
            stall_.first_sent = is_resend(segment) ? nullptr : &event;
            waits_ = true;
        }
        if (!sent_ || seq_before(*sent_, end_of(segment))) sent_ = end_of(segment);
        if (is_resend(segment)) stall_.resends.push_back(&event);
    }

    void answered(const Event& event, const Segment& segment) {
        if (!(segment.flags & tcp_flag::ack)) return;
        closed_ = segment.window == 0;
        stall_.heard = stall_.heard || !stall_.resends.empty();
        const bool news = !acked_ || seq_after(segment.ack, *acked_);
        if (news) acked_ = segment.ack;
        if (closed_) {
            waits_ = false;
            return;
        }
        if (!news || !waits_) return;
        over(&event, event.time_ns);
        waits_ = sent_ && seq_before(segment.ack, *sent_);
        stall_ = {.outgoing = stall_.outgoing, .from_ns = event.time_ns};
    }

    void over(const Event* by, std::uint64_t at_ns) {
        end_vain();
        if (!waits_) return;
        stall_.ended = by;
        stall_.to_ns = at_ns;
        // Without the ACK only the resends tell how long it lasted: what came after the last of them may not have been captured.
        if (!by && !stall_.resends.empty()) stall_.to_ns = stall_.resends.back()->time_ns;
        if (stall_.worth_telling()) found_.push_back(stall_);
    }

    /// No sender waits so long between two tries: it had stopped, or the capture had.
    void skip() {
        over(nullptr, 0);
        waits_ = false;
        sent_.reset();
    }

    void end_vain() {
        vain_.outgoing = stall_.outgoing;
        vain_.in_vain = true;
        if (vain_.worth_telling()) found_.push_back(vain_);
        vain_ = {};
    }

    const Connection& c_;
    Stall stall_, vain_;
    bool waits_ = false, closed_ = false;
    std::optional<std::uint64_t> last_ns_;
    std::optional<std::uint32_t> sent_, acked_;
    std::vector<Stall> found_;
};

/// Of a session of which not all packets were kept: the same segment, sent again and again, and the ACK that ended it. These were kept.
std::vector<Stall> stalls_of_segments(const Connection& c, bool outgoing) {
    constexpr std::uint64_t ack_within_ns = 1'000'000'000;  // of the last resend; what comes later may have come before, unkept
    std::vector<Stall> found;
    Stall stall;
    std::uint32_t seq = 0;
    const auto over = [&](const Event* by) {
        if (!stall.resends.empty()) {
            const std::uint64_t latest_ns = stall.resends.back()->time_ns + ack_within_ns;
            stall.ended = by && by->time_ns <= latest_ns ? by : nullptr;
            stall.to_ns = stall.ended ? by->time_ns : stall.resends.back()->time_ns;
            if (stall.first_sent && stall.worth_telling()) found.push_back(stall);
        }
        stall = {.outgoing = outgoing};
    };
    stall.outgoing = outgoing;
    std::map<std::uint32_t, const Event*> sent;  // the last sending of each
    for (const Event& event : c.events) {
        const Segment* segment = event.as<Segment>();
        if (!segment || event.time_ns > c.dropped_until_ns) continue;
        if (segment->outgoing == outgoing) {
            if (segment->payload == 0) continue;
            if (is_resend(*segment) && !(segment->marks & segment_mark::spurious)) {
                if (stall.resends.empty() || seq != segment->seq) {
                    over(nullptr);
                    seq = segment->seq;
                    const auto first = sent.find(seq);
                    stall.first_sent = first == sent.end() ? nullptr : first->second;
                    stall.from_ns = stall.first_sent ? stall.first_sent->time_ns : event.time_ns;
                }
                stall.resends.push_back(&event);
            }
            sent[segment->seq] = &event;
        } else if (!stall.resends.empty()) {
            if (acknowledges(*segment, seq + 1)) {
                over(&event);
            } else {
                stall.heard = true;
            }
        }
    }
    over(nullptr);
    return found;
}

/// As the kernel told it: rounds in which the first unacknowledged byte stayed the same.
std::vector<Stall> stalls_told(const Connection& c) {
    std::vector<Stall> found;
    Stall stall;
    stall.outgoing = true;
    std::uint32_t una = 0;
    const auto over = [&](const Event* by) {
        const bool rounds = stall.resends.size() >= many_rounds && stall.resends.back()->as<Retransmit>()->tcp.backoff >= many_rounds;
        stall.ended = by;
        if (stall.worth_telling() || rounds) found.push_back(stall);
        stall = {};
        stall.outgoing = true;
    };
    for (const Event& event : c.events) {
        const Retransmit* again = event.as<Retransmit>();
        if (!again || again->what != Retransmit::What::rto) continue;
        if (!stall.resends.empty() && again->tcp.snd_una != una) over(&event);
        if (stall.resends.empty()) stall.from_ns = event.time_ns;
        una = again->tcp.snd_una;
        stall.to_ns = event.time_ns;
        stall.resends.push_back(&event);
    }
    if (!stall.resends.empty()) over(nullptr);
    return found;
}

std::string sender(const Connection& c, bool outgoing) { return outgoing ? (c.owner.pid ? who(c) : c.flow.local.text()) : c.flow.peer.text(); }

void tell_where(Finding& f, const Connection& c, const Stall& stall) {
    if (stall.in_vain) {
        f.reasons.push_back("what was sent again had been acknowledged here before: the ACKs did not arrive, or came too late");
        return;
    }
    if (by_packets(c) && !stall.first_sent && !stall.outgoing && !on_the_way(c))
        f.reasons.push_back("its first copy was never captured here: it was lost before it reached this host");
    if (stall.heard) f.reasons.push_back("the other end was heard in that time: its host was alive, and so was the way back");
}

Finding tell(const Story& story, const Connection& c, const std::vector<Stall>& stalls) {
    const Stall& worst = *std::max_element(stalls.begin(), stalls.end(), [](const Stall& a, const Stall& b) { return a.took_ns() < b.took_ns(); });
    Finding f = about(id, Culprit::path, worst.heard ? Certainty::likely : Certainty::possible, c, worst.to_ns);
    f.first_ns = worst.from_ns;
    f.weight = worst.took_ns();
    const bool gave_up = !worst.ended && c.has(worst.outgoing ? sign::reset_sent : sign::reset_received);
    if (!gave_up && (worst.ended || worst.in_vain || c.both_closed())) f.harm = Harm::delay;
    const std::string to = (worst.outgoing ? c.flow.peer : c.flow.local).text();
    const char* after = gave_up ? "then its sender gave up with a RST" : worst.ended ? "then it went on" : worst.in_vain || c.both_closed() ? "and the session went on" : c.live() ? "and no ACK had come when the recording ended" : "and no ACK of it came";
    std::size_t resends = 0;
    for (const Stall& stall : stalls) resends += stall.resends.size();
    f.headline = fmt::format("data from {}{} to {} stood still for {}: it was sent again {}; {}", sender(c, worst.outgoing), worst.outgoing ? at_place(story, c) : "", to, duration_text(worst.took_ns()),
                             count_text(worst.resends.size(), "time", "times"), after);
    std::vector<std::uint64_t> times;
    if (worst.first_sent) times.push_back(worst.first_sent->time_ns);
    for (const Event* one : worst.resends)
        if (times.size() < 12) times.push_back(one->time_ns);
    if (times.size() > 1) f.reasons.push_back("it was sent again " + intervals_text(times));
    if (stalls.size() > 1) f.reasons.push_back(fmt::format("{} stalls in all, with {} resends; this was the longest", stalls.size(), resends));
    tell_where(f, c, worst);
    cite(f, worst.first_sent);
    cite(f, worst.resends);
    cite(f, worst.ended);
    return f;
}

/// Much was lost, here and there.
std::optional<Finding> tell_share(const Connection& c) {
    if (!c.wire) return std::nullopt;
    for (const bool by_server : {false, true}) {
        const WireDirection& wire = by_server ? c.wire->server : c.wire->client;
        const std::uint32_t lost = wire.retransmitted - std::min(wire.spurious, wire.retransmitted);
        if (lost < many_resends || std::uint64_t{lost} * 100 < std::uint64_t{wire.packets} * share_percent) continue;
        const bool outgoing = by_server == (c.role == Role::server);
        Finding f = about(id, Culprit::path, Certainty::likely, c, c.end_ns);
        f.first_ns = c.begin_ns;
        f.harm = Harm::delay;
        f.headline = fmt::format("{} of {} that {} sent to {} were sent again because they were lost", lost, count_text(wire.packets, "packet", "packets"),
                                 sender(c, outgoing), (outgoing ? c.flow.peer : c.flow.local).text());
        f.reasons.push_back(fmt::format("{} after the retransmission timeout, {} after duplicate ACKs or SACK", wire.rto, wire.fast));
        cite(f, packets(c, [&](const Segment& segment) { return segment.outgoing == outgoing && is_resend(segment); }));
        return f;
    }
    return std::nullopt;
}

/// Both SYNs asked for ECN: the SYN with ECE and CWR, its answer with ECE alone.
bool marks_packets(const Connection& c) {
    constexpr std::uint8_t ece = 0x40, cwr = 0x80;
    bool asked = false, agreed = false;
    for (const Event& event : c.events) {
        const Segment* segment = event.as<Segment>();
        if (!segment) continue;
        asked |= segment->syn() && (segment->flags & (ece | cwr)) == (ece | cwr);
        agreed |= segment->syn_ack() && (segment->flags & (ece | cwr)) == ece;
    }
    return asked && agreed;
}

/// No single stall is long, but the kernel waits out one timeout after another, and that is most of its time.
std::optional<Finding> tell_timeouts(const Story& story, const Connection& c) {
    std::vector<const Event*> fired;
    std::uint64_t waited_ns = 0;
    bool first_copies_only = true;
    for (const Event& event : c.events) {
        const Timer* timer = event.as<Timer>();
        if (!timer || timer->what != Timer::What::fired || timer->which != Timer::Which::rto || !c.established_ns || event.time_ns < *c.established_ns) continue;
        fired.push_back(&event);
        waited_ns += std::uint64_t{timer->rto_us} * 1000;
        first_copies_only &= timer->retransmits == 0 && timer->backoff == 0;
    }
    if (fired.size() < many_timeouts || waited_ns < long_stall_ns) return std::nullopt;
    const std::uint64_t from_ns = fired.front()->time_ns, to_ns = fired.back()->time_ns;
    if (waited_ns < (to_ns - from_ns) / 2) return std::nullopt;
    Finding f = about(id, Culprit::path, Certainty::likely, c, to_ns);
    f.first_ns = from_ns;
    f.harm = Harm::delay;
    f.headline = fmt::format("data from {}{} to {} crawls: {} of {} were spent waiting for {}", sender(c, true), at_place(story, c), c.flow.peer.text(), duration_text(std::min(waited_ns, to_ns - from_ns)),
                             duration_text(to_ns - from_ns), count_text(fired.size(), "retransmission timeout", "retransmission timeouts"));
    if (const Event* end = last<Destroy>(c); end && end->as<Destroy>()->totals_told && end->as<Destroy>()->segs_out)
        f.reasons.push_back(fmt::format("{} of {} sent were sent again", end->as<Destroy>()->total_retrans, count_text(end->as<Destroy>()->segs_out, "segment", "segments")));
    f.reasons.push_back("each time the peer acknowledged what was sent again: its host was alive, and so was the way back");
    if (first_copies_only && marks_packets(c))
        f.reasons.push_back("both ends negotiated ECN, and each time the first copy was lost and the second arrived: first copies are marked as ECN-capable and resends are not, so a device on the path may drop marked packets (try net.ipv4.tcp_ecn=0)");
    cite(f, fired);
    return f;
}

std::optional<Finding> judge_one(const Story& story, const Connection& c) {
    std::vector<Stall> stalls;
    if (by_packets(c)) {
        if (!c.wire->client.retransmitted && !c.wire->server.retransmitted) return std::nullopt;
        for (const bool outgoing : {true, false}) {
            auto found = Stalls(c, outgoing).find(watched_to(story, c));
            if (c.dropped_until_ns) {  // what lies between two packets that were kept is no pause
                std::erase_if(found, [&](const Stall& stall) { return !stall.in_vain && stall.from_ns <= c.dropped_until_ns; });
                auto known = stalls_of_segments(c, outgoing);
                found.insert(found.end(), std::make_move_iterator(known.begin()), std::make_move_iterator(known.end()));
            }
            stalls.insert(stalls.end(), found.begin(), found.end());
        }
    } else {
        stalls = stalls_told(c);
    }
    if (!stalls.empty()) return tell(story, c, stalls);
    return by_packets(c) ? tell_share(c) : tell_timeouts(story, c);
}

/// A device of one of the ends went down in that time: no packet had to be lost on the way. Where both ends tell one, that which was set down is the cause of the other's
/// lost carrier.
bool tell_device(Finding& f, const Story& story, const Connection& c, const Connection* other) {
    WitnessId where = c.witness;
    auto went = device_went(story, where, f.first_ns, f.last_ns);
    const auto there = other && other->witness != c.witness ? device_went(story, other->witness, f.first_ns, f.last_ns) : std::nullopt;
    if (there && (!went || went->text.ends_with("carrier"))) where = other->witness, went = there;
    if (!went) return false;
    f.culprit = Culprit::local_configuration;
    f.certainty = Certainty::likely;
    f.headline += fmt::format(": on {} {}", place(story, where), went->text);
    f.reasons.push_back("the device went down in that time, or lost its carrier: what was sent then never left, or never came in");
    f.settle = "find out who or what took the device down at that time";
    cite(f, went->fact);
    return true;
}

/// A recorded host threw segments of it away in that time, and told why.
bool tell_drops(Finding& f, const Story& story, const Connection& c, const Connection* other) {
    constexpr std::size_t not_by_chance = 2;
    std::vector<const Event*> drops;
    const auto take = [&](const Event& event) {
        const Drop* drop = relevant_drop(event);
        if (!drop || drop->syn() || event.time_ns < f.first_ns || event.time_ns > f.last_ns) return;
        if (drops.empty() || (drops.front()->witness == event.witness && drops.front()->as<Drop>()->reason == drop->reason && drops.front()->as<Drop>()->outgoing == drop->outgoing)) drops.push_back(&event);
    };
    for (const Event& event : c.events) take(event);
    if (other)
        for (const Event& event : other->events) take(event);
    for (const Event* event : story.unmatched_events(c.flow)) take(*event);
    if (drops.size() < not_by_chance) return false;
    f.culprit = culprit_of_drop(story, *drops.front());
    f.certainty = Certainty::likely;
    f.headline += "; it stood still";
    add_drop_cause(f, story, drops);
    f.settle = fmt::format("see what changed on {} at that time", place(story, drops.front()->witness));
    return true;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    const auto without_acks = without_bare_acks(story);
    for (const Connection& c : story.with(sign::retransmit | trait::captured)) {
        if (by_packets(c) && without_acks.contains(c.witness)) continue;  // what a filter left out cannot be missed
        if (c.is_listener() || c.embryonic || !c.has(sign::established) || c.ending == Ending::timed_out) continue;
        if (!by_packets(c) && !c.has(sign::retransmit)) continue;
        auto one = judge_one(story, c);
        if (!one) continue;
        if (on_this_host(c)) one->culprit = Culprit::unknown;  // no path lies between its ends
        const Connection* other = story.other_end(c);
        if (!tell_device(*one, story, c, other) && !tell_drops(*one, story, c, other))
            one->settle = record_on(c.flow.peer.address) + ": it tells whether the data or its ACKs were lost, and on which side of the path";
        one->fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, (c.role == Role::server ? c.flow.local : c.flow.peer).text());
        add_end(*one, story.other_end(c));
        found.push_back(std::move(*one));
    }
    return found;
}

}  // namespace

const Rule loss_stall = {
    id, "an open connection stood still because packets were lost, and went on",
    "Data was lost and had to be sent again, several times or after a long timeout. Until it got through, nothing behind it could be delivered. The application saw a pause, and neither side is to blame for it: the "
    "connection recovered, or was still trying.",
    "Data that waited for an ACK for 3 s or more while some of it was sent again, or for 1 s while it was sent again three times or more; or 50 resends and more that make up 5 % of a sender's packets. From a kernel's own "
    "trace, retransmission timeouts of the same bytes, with the same thresholds or with three doublings of the timeout; or ten timeouts and more, 3 s together, that make up half of the time in which they came.",
    "Not a connection that died of it: that is retransmission-timeout. Not a receiver that closed its window (zero-window-stall). Not a slow answer: what was lost there is nobody's thinking time (server-silent counts from the "
    "request's ACK). A receiver whose host stood still looks the same from one side. Where a recorded host tells that it threw the segments away, or that a device of it went down in that time, that is the cause and not the path.",
    "See whether other connections on the same path lost packets at that time. Look at the error and drop counters of the devices (ip -s link, ethtool -S), at rate limits, and at Wi-Fi or mobile links. Record on both ends: then it is "
    "known in which direction the packets were lost.",
    find,
};

}  // namespace tcpwitness
