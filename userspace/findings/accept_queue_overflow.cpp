#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/queue_facts.h"
#include "model/describe.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "accept-queue-overflow";

enum { dropped_while_full, aborted_while_full };
constexpr Proof proofs[] = {
    {"the listener's drop counter rose while the namespace counted overflows of accept queues", others({Other::other_cause})},
    {"the kernel reset handshakes at their last ACK while the queue was full, as the sysctl asks for", others({Other::other_cause})},
};
constexpr std::uint64_t one_look_ns = 2'000'000'000;

std::vector<const Event*> overflow_counters(const Story& story) {
    std::vector<const Event*> counters;
    for (const Event& event : story.unmatched)
        if (const Queue* queue = event.as<Queue>(); queue && queue->overflows) counters.push_back(&event);
    return counters;
}

/// The namespace counted overflows in the same look: then the queue was full even where it no longer was when it was looked at.
const Event* counted(const std::vector<const Event*>& counters, const Event& looked) {
    for (const Event* event : counters) {
        const std::uint64_t apart = event->time_ns > looked.time_ns ? event->time_ns - looked.time_ns : looked.time_ns - event->time_ns;
        if (event->witness == looked.witness && apart < one_look_ns) return event;
    }
    return nullptr;
}

/// With net.ipv4.tcp_abort_on_overflow the kernel answers the last ACK of a handshake with RST where the queue is full. Such a connection never gets a socket.
bool aborted_by_overflow(const Connection& c) {
    if (!c.embryonic || c.has(sign::knock | sign::established)) return false;
    return std::any_of(c.events.begin(), c.events.end(), [](const Event& event) {
        const ResetSent* reset = event.as<ResetSent>();
        return reset && !reset->firewall_hook && reset->answers_segment && (reset->segment_flags & tcp_flag::ack) && !(reset->segment_flags & (tcp_flag::syn | tcp_flag::rst));
    });
}

bool aborts_on_overflow(const Story& story, WitnessId witness) {
    const auto& sysctls = story.witnesses[witness].sysctls;
    const auto set = sysctls.find("net.ipv4.tcp_abort_on_overflow");
    return set != sysctls.end() && set->second != "0";
}

Finding tell_aborted(const Story& story, const Connection& listener, const std::vector<const Connection*>& aborted, const Queue* looked) {
    const Queue* process = nullptr;
    for (const Event& event : listener.events)
        if (const Queue* queue = event.as<Queue>(); queue && queue->process_state) process = queue;
    const Connection& example = *aborted.front();
    Finding f = about(id, Culprit::local_application, Certainty::likely, listener, first<ResetSent>(example)->time_ns);
    f.last_ns = first<ResetSent>(*aborted.back())->time_ns;
    f.headline = fmt::format("{}{} does not call accept() fast enough on {}: its accept queue is full, and net.ipv4.tcp_abort_on_overflow=1 resets {} instead of letting {} wait", holder(listener, process),
                             at_place(story, listener), listener.flow.local.text(), count_text(aborted.size(), "client", "clients"), aborted.size() == 1 ? "it" : "them");
    f.reasons.push_back("the last ACK of each handshake was answered with RST: without that setting it is dropped, and the client tries again");
    if (looked) f.reasons.push_back(queue_limit_text(story, listener, *looked));
    if (process) f.reasons.push_back("at that time: " + process_text(*process));
    for (const Connection* c : aborted) {
        add_end(f, c);
        add_end(f, story.other_end(*c));
        cite(f, first<ResetSent>(*c));
    }
    if (looked && looked->full()) prove(f, proofs[aborted_while_full], others({Other::other_cause}));
    else f.settle = "look at the queue while it happens: ss -ltn shows Recv-Q against Send-Q of the listening socket";
    f.fold_key = std::to_string(listener.id);
    return f;
}

/// The resets that the sysctl asks for, by the listener that they came to.
void find_aborted(std::vector<Finding>& found, const Story& story) {
    std::map<std::pair<WitnessId, std::uint16_t>, std::vector<const Connection*>> by_port;
    for (const Connection& c : story.with(trait::unopened))
        if (aborted_by_overflow(c) && aborts_on_overflow(story, c.witness)) by_port[{c.witness, c.flow.local.port}].push_back(&c);
    if (by_port.empty()) return;
    for (const Connection& listener : story.with(trait::listener)) {
        const auto aborted = by_port.find({listener.witness, listener.flow.local.port});
        if (aborted == by_port.end() || (!listener.flow.local.address.unspecified() && listener.flow.local.address != aborted->second.front()->flow.local.address)) continue;
        const Queue* looked = nullptr;
        for (const Event& event : listener.events)
            if (const Queue* queue = event.as<Queue>(); queue && (!looked || queue->accept_queue > looked->accept_queue)) looked = queue;
        found.push_back(tell_aborted(story, listener, aborted->second, looked));
        by_port.erase(aborted);
    }
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    find_aborted(found, story);
    std::optional<std::vector<const Event*>> counters;
    for (const Connection& c : story.with(sign::waited)) {
        if (!c.is_listener() || !c.has(sign::waited)) continue;
        if (!counters) counters = overflow_counters(story);
        std::uint64_t drops = 0, first_ns = 0, last_ns = 0;
        const Queue* fullest = nullptr;
        const Queue* process = nullptr;
        bool overflowed = false;
        std::vector<const Event*> proof;
        for (const Event& event : c.events) {
            const Queue* queue = event.as<Queue>();
            if (!queue || !queue->drops) continue;
            const Event* counter = counted(*counters, event);
            if (!queue->full() && !counter) continue;  // dropped for another reason
            drops += queue->drops;
            if (!first_ns) first_ns = event.time_ns;
            last_ns = event.time_ns;
            if (!fullest || queue->accept_queue > fullest->accept_queue) fullest = queue;
            if (queue->process_state) process = queue;
            proof.push_back(&event);
            if (counter) proof.push_back(counter);
            overflowed = overflowed || counter;
        }
        if (!drops) continue;
        Finding f = about(id, Culprit::local_application, Certainty::likely, c, first_ns);
        if (overflowed) prove(f, proofs[dropped_while_full], others({Other::other_cause}));
        else f.settle = "see whether TcpExtListenOverflows grows (nstat): a listener counts also what it drops for other reasons";
        f.last_ns = last_ns;
        f.headline = fmt::format("{}{} does not call accept() fast enough on {}: its accept queue overflowed and {}{}", holder(c, process), at_place(story, c),
                                 c.flow.local.text(), count_text(drops, "packet of a handshake was dropped", "packets of handshakes were dropped"),
                                 last_ns > first_ns ? " within " + since(first_ns, last_ns) : "");
        f.reasons.push_back(queue_limit_text(story, c, *fullest));
        if (fullest->full()) f.reasons.push_back(fmt::format("{} waited for accept() when it was looked at", count_text(fullest->accept_queue, "connection", "connections")));
        if (process) f.reasons.push_back("at that time: " + process_text(*process));
        cite(f, proof);
        const std::uint64_t from_ns = first_ns > one_look_ns ? first_ns - one_look_ns : 0;
        add_unserved(f, unserved(story, c, from_ns, last_ns));
        const auto late = delayed(story, c, from_ns, last_ns);
        for (const Connection* one : late) add_end(f, one);
        if (const auto clients = std::count_if(late.begin(), late.end(), [](const Connection* one) { return one->role == Role::client; }))
            f.reasons.push_back(fmt::format("{} a second or more in the handshake", count_text(static_cast<std::size_t>(clients), "client lost", "clients lost")));
        f.fold_key = std::to_string(c.id);
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule accept_queue_overflow = {
    id, "connections are dropped because accept() is not called fast enough",
    "Connections whose handshake is complete wait in the listening socket's accept queue until the process takes them with accept(). The queue was full, so the kernel dropped SYNs and the "
    "last ACKs of handshakes. The clients send again and lose a second or more each time, or give up.",
    "The listener's own drop counter rose while the namespace counted ListenOverflows: proven; or while its queue was longer than its limit: likely, because the listener counts what it drops for other reasons too. Or, with net.ipv4.tcp_abort_on_overflow=1, the kernel answered the last ACK of handshakes with RST. The recorder looks at queues about once a second. The finding "
    "gives the limit, how much was dropped, and what the process was doing.",
    "Not a drop counter that grows while the queue is not full: a listener counts also the RSTs that end handshakes. Not a queue that fills and is emptied in time: as long as nothing is dropped, nothing is raised. When the process did not call accept() at all for several seconds it is hung-service. Drops of a "
    "firewall happen before the listener.",
    "Find out why the process accepts so slowly: a single thread that does the work itself, a lock, a slow disk or database. A larger backlog in listen(), with net.core.somaxconn raised to match, bridges "
    "bursts only. net.ipv4.tcp_abort_on_overflow=1 makes clients fail at once instead of waiting.",
    find,
    proofs,
};

}  // namespace tcpwitness
