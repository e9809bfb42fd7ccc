#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/benign.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"
#include "findings/queue_facts.h"
#include "findings/small_window.h"
#include "model/describe.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "zero-window-stall";

enum { unread_here, closed_in_packets, scale_changed };
constexpr Proof proofs[] = {
    {"the receiver's own queue was looked at, again and again: it held unread data and its window was closed", 0},
    {"the window that the receiver announced stayed closed in its own packets", others({Other::records_lost, Other::not_recorded})},
    {"both ends recorded the same packet of the handshake: its window scale was another one when it arrived", 0},
};
constexpr std::uint64_t least_ns = 2'000'000'000;

/// The longest time in which this end left data unread until its window was closed; empty events: none.
Waiting closed_here(const Story& story, const Connection& c) {
    Waiting longest;
    for (const Waiting& waiting : waits(story, c, Queue::What::receive)) {
        const bool closed = std::any_of(waiting.events.begin(), waiting.events.end(), [](const Event* event) { return event->as<Queue>()->window_closed; });
        if (closed && waiting.last().accepted && waiting.length_ns() >= least_ns && waiting.length_ns() > longest.length_ns()) longest = waiting;
    }
    return longest;
}

/// The longest time in which the peer's window was closed to this end: by probes that the kernel sent into it, and by looks.
Waiting closed_there(const Story& story, const Connection& c) {
    Waiting longest;
    for (const Waiting& waiting : waits(story, c, Queue::What::send))
        if (waiting.last().window_closed && waiting.length_ns() >= least_ns && waiting.length_ns() > longest.length_ns()) longest = waiting;
    return longest;
}

/// The window closed time after time, and each time it opened before long: whoever reads there reads on.
bool goes_on(const Story& story, const Connection& c) {
    constexpr std::uint64_t pause_ns = 10'000'000'000;
    constexpr std::size_t enough = 3;
    std::size_t times = 0;
    for (const Waiting& waiting : waits(story, c, Queue::What::send)) {
        const bool closed = std::any_of(waiting.events.begin(), waiting.events.end(), [](const Event* event) { return event->as<Queue>()->window_closed; });
        if (!closed) continue;
        if (waiting.length_ns() > pause_ns) return false;
        ++times;
    }
    return times >= enough;
}

std::vector<const Event*> probes(const Connection& c, const Waiting& waiting) {
    std::vector<const Event*> fired;
    for (const Event& event : c.events) {
        const Timer* timer = event.as<Timer>();
        if (timer && timer->what == Timer::What::fired && timer->which == Timer::Which::zero_window_probe && event.time_ns >= waiting.from_ns && event.time_ns <= waiting.to_ns)
            fired.push_back(&event);
    }
    return fired;
}

/// What the sender lost by it.
void tell_sender(Finding& f, const Story& story, const Connection& sender) {
    const Waiting stalled = closed_there(story, sender);
    if (stalled.events.empty()) return;
    const auto fired = probes(sender, stalled);
    f.reasons.push_back(fmt::format("{}{} could not send {} meanwhile{}", who(sender), at_place(story, sender), count_text(stalled.last().unacknowledged, "byte", "bytes"),
                                    fired.empty() ? "" : fmt::format("; its kernel asked {} whether the window is open again", count_text(fired.size(), "time", "times"))));
    cite(f, stalled.events);
    cite(f, fired);
}

Finding receiver_found(const Story& story, const Connection& c, const Waiting& waiting) {
    const Queue* process = waiting.process();
    Finding f = about(id, Culprit::local_application, Certainty::likely, c, waiting.from_ns);
    prove(f, proofs[unread_here]);
    f.onset_ns = waiting.from_ns;
    f.last_ns = waiting.to_ns;
    if (waiting.over) f.harm = Harm::delay;
    f.headline = fmt::format("{}{} did not read what {} sent for {}{}: {} unread, and the window closed", holder(c, process), at_place(story, c), c.flow.peer.text(),
                             since(waiting.from_ns, waiting.to_ns), waiting.over ? "" : ", and still does not", count_text(waiting.last().unread, "byte stayed", "bytes stayed"));
    f.reasons.push_back(fmt::format("its receive buffer holds {} bytes", waiting.last().receive_buffer));
    if (process) f.reasons.push_back("at that time: " + process_text(*process));
    cite(f, waiting.events);
    if (const Connection* other = story.other_end(c)) {
        add_end(f, other);
        tell_sender(f, story, *other);
    }
    f.fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, (c.role == Role::server ? c.flow.local : c.flow.peer).text());
    return f;
}

Finding sender_found(const Story& story, const Connection& c, const Waiting& waiting) {
    Finding f = about(id, Culprit::peer_application, Certainty::likely, c, waiting.from_ns);
    f.onset_ns = waiting.from_ns;
    f.last_ns = waiting.to_ns;
    if (waiting.over) f.harm = Harm::delay;
    f.weight = waiting.to_ns - std::min(waiting.to_ns, waiting.from_ns);
    f.headline = fmt::format("{}{}: {} kept its window closed for {}{}: its application did not read", who(c), at_place(story, c), c.flow.peer.text(),
                             since(waiting.from_ns, waiting.to_ns), waiting.over ? "" : ", and still does");
    tell_sender(f, story, c);
    add_end(f, story.other_end(c));
    f.settle = record_on(c.flow.peer.address) + ": it names the process that does not read, and what it does instead";
    f.fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, (c.role == Role::server ? c.flow.local : c.flow.peer).text());
    return f;
}

/// By packets alone: which end kept its window closed, and what the other did meanwhile.
void find_in_packets(std::vector<Finding>& found, const Story& story, const Connection& c) {
    for (const bool own : {true, false}) {
        const ClosedWindow closed = closed_window(story, c, own, least_ns);
        if (closed.events.empty()) continue;
        const Endpoint &reader = own ? c.flow.local : c.flow.peer, &writer = own ? c.flow.peer : c.flow.local;
        const bool local = own && !on_the_way(c);
        Finding f = about(id, local ? Culprit::local_application : Culprit::peer_application, Certainty::likely, c, closed.from_ns);
        if (local) prove(f, proofs[closed_in_packets]);
        f.onset_ns = closed.from_ns;
        f.last_ns = closed.to_ns;
        if (closed.opened) f.harm = Harm::delay;
        f.weight = closed.to_ns - closed.from_ns;
        lean_on(f, c.witness);  // that it did not open in between
        f.headline = fmt::format("{}{} kept its window closed to {} for {}{}: its application did not read", reader.text(), at_place(story, c), writer.text(),
                                 since(closed.from_ns, closed.to_ns), closed.opened ? "" : ", to the end");
        if (closed.probes) f.reasons.push_back(fmt::format("{} asked {} meanwhile whether it is open again", writer.text(), count_text(closed.probes, "time", "times")));
        cite(f, closed.events);
        if (f.certainty != Certainty::proven) f.settle = record_on(reader.address) + ": it names the process that does not read, and what it does instead";
        f.fold_key = fmt::format("packets/{}/{}/{}", c.witness, (c.role == Role::server ? c.flow.local : c.flow.peer).text(), own);
        found.push_back(std::move(f));
    }
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    for (const Connection& c : story.with(sign::waited | sign::probed)) {
        if (c.is_listener()) continue;
        if (!c.has(sign::waited)) {
            if (auto small = by_packets(c) ? std::nullopt : small_window(story, c, proofs[scale_changed])) found.push_back(std::move(*small));
            continue;
        }
        if (by_packets(c)) {
            find_in_packets(found, story, c);
            continue;
        }
        if (const Waiting waiting = closed_here(story, c); !waiting.events.empty()) found.push_back(receiver_found(story, c, waiting));
        const Waiting waiting = closed_there(story, c);
        if (waiting.events.empty()) continue;
        const Connection* other = story.other_end(c);
        if (other && !closed_here(story, *other).events.empty()) continue;  // told there
        if ((other && !by_packets(*other)) || goes_on(story, c))
            found.push_back(harmless(benign::slow_reader, id, c, waiting.from_ns, between(story, c)));
        else
            found.push_back(sender_found(story, c, waiting));
    }
    return found;
}

}  // namespace

const Rule zero_window_stall = {
    id, "a receiver stopped reading, and its window closed",
    "One application did not read what the other sent. Its receive buffer filled up, its kernel told the sender to wait (window 0), and the sender's data stood still. Nothing is lost on the way: the sender "
    "asks again and again whether the window has opened, and goes on when it does.",
    "A look at the sockets found received data that was not read for 2 s or more, and the window at 0; or, from the sender's side alone, data held back by the peer's closed window for as long, with the "
    "zero-window probes that the kernel sent. The finding shows which process did not read, what it was doing, and how much waited. Also a window that is open but smaller than a segment, so that data goes out a scrap for each probe; with both ends recorded it "
    "shows whether a device on the path changed the window scale in the handshake.",
    "Not a reader that takes its data slowly and reads all the time, whatever its window does: what it has read moves between two looks (slow-reader). Not a short pause of a reader that catches up, and not a slow network: then the window stays open and the congestion window limits. When the process serves a port and takes no connections either it is "
    "hung-service. From the sender's side a proxy between the two may be the one that does not read.",
    "Look at the process that does not read: what it waits for stands in the finding. A consumer that is slower than its producer on purpose (back pressure) needs no repair. tcp_rmem and SO_RCVBUF say how much may "
    "wait unread.",
    find,
    proofs,
};

}  // namespace tcpwitness
