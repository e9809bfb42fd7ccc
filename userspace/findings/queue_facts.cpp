#include "findings/queue_facts.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/facts.h"
#include "model/describe.h"

namespace tcpwitness {

namespace {

/// 0: never.
std::uint64_t accepted_at(const Connection& c) {
    for (const Event& event : c.events)
        if (const Call* call = event.as<Call>(); call && call->op == Call::Op::accept && call->phase == Call::Phase::exit && call->ret >= 0) return event.time_ns;
    return 0;
}

bool came_to(const Connection& listener, const Connection& c) {
    if (c.witness != listener.witness || c.is_listener() || c.role == Role::client || c.flow.local.port != listener.flow.local.port) return false;
    if (c.listener) return c.listener == listener.id;
    return listener.flow.local.address.unspecified() || listener.flow.local.address == c.flow.local.address;
}

/// The SYN of this client came in where the listener is, and got no answer.
bool knocked_in_vain(const Story& story, const Connection& listener, const Connection& c) {
    if (c.role != Role::client || c.has(sign::established | sign::syn_ack_in) || c.flow.peer.port != listener.flow.local.port) return false;
    if (!listener.flow.local.address.unspecified() && listener.flow.local.address != c.flow.peer.address) return false;
    const auto packets = story.unmatched_packets(c.flow);
    return std::any_of(packets.begin(), packets.end(), [&](const Event* event) {
        const Segment& segment = *event->as<Segment>();
        return event->witness == listener.witness && !segment.outgoing && segment.syn();
    });
}

}  // namespace

const Queue& Waiting::last() const {
    for (auto event = events.rbegin(); event != events.rend(); ++event)
        if (const Queue* queue = (*event)->as<Queue>(); !queue->over) return *queue;
    return *events.back()->as<Queue>();
}

const Queue* Waiting::process() const {
    for (auto event = events.rbegin(); event != events.rend(); ++event)
        if (const Queue* queue = (*event)->as<Queue>(); queue->process_state && !queue->over) return queue;
    return nullptr;
}

std::vector<Waiting> waits(const Story& story, const Connection& c, Queue::What what) {
    std::vector<Waiting> all;
    if (!c.has(sign::waited)) return all;
    for (const Event& event : c.events) {
        const Queue* queue = event.as<Queue>();
        if (!queue || queue->what != what) continue;
        if (all.empty() || all.back().over) {
            if (queue->over) continue;
            all.push_back({std::min(queue->since_ns, event.time_ns), 0, false, {}});
        }
        all.back().events.push_back(&event);
        all.back().to_ns = event.time_ns;
        all.back().over = queue->over;
    }
    if (!all.empty() && !all.back().over) all.back().to_ns = std::max(all.back().to_ns, c.live() ? story.end_ns : c.end_ns);
    return all;
}

std::vector<const Connection*> unserved(const Story& story, const Connection& listener, std::uint64_t from_ns, std::uint64_t to_ns) {
    std::vector<const Connection*> all, candidates = story.at_port(listener.witness, listener.flow.local.port);
    for (const Connection& c : story.with(trait::unopened))
        if (c.role == Role::client) candidates.push_back(&c);
    std::sort(candidates.begin(), candidates.end(), [](const Connection* a, const Connection* b) { return a->id < b->id; });
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
    std::set<const Connection*> added;
    const auto add = [&](const Connection* c) {
        if (c && added.insert(c).second) all.push_back(c);
    };
    for (const Connection* c : candidates) {
        if (c->begin_ns > to_ns || (!c->live() && c->end_ns < from_ns)) continue;
        if (came_to(listener, *c)) {
            const std::uint64_t at = accepted_at(*c);
            if (c->preexisting || c->has(sign::knock) || (at && at < to_ns)) continue;
            add(c);
            add(story.other_end(*c));
        } else if (knocked_in_vain(story, listener, *c)) {
            add(c);
        }
    }
    return all;
}

std::vector<const Connection*> delayed(const Story& story, const Connection& listener, std::uint64_t from_ns, std::uint64_t to_ns) {
    std::vector<const Connection*> all;
    for (const Connection* c : story.at_port(listener.witness, listener.flow.local.port)) {
        if (!came_to(listener, *c)) continue;
        const Connection* client = story.other_end(*c);
        const std::uint64_t began = client ? std::min(client->begin_ns, c->begin_ns) : c->begin_ns;
        if (began < from_ns || began > to_ns) continue;
        if (!c->has(sign::syn_ack_retransmit) && !(client && client->has(sign::syn_retransmit))) continue;
        all.push_back(c);
        if (client) all.push_back(client);
    }
    return all;
}

void add_unserved(Finding& finding, const std::vector<const Connection*>& victims) {
    std::size_t unanswered = 0;
    for (const Connection* victim : victims) {
        add_end(finding, victim);
        if (victim->role != Role::client || victim->has(sign::established)) continue;
        ++unanswered;
        cite(finding, syns_sent(*victim));
    }
    if (unanswered) finding.reasons.push_back(fmt::format("{} got no answer to any SYN", count_text(unanswered, "client", "clients")));
}

std::vector<std::uint64_t> accepts(const Story& story, const Connection& listener) {
    std::vector<std::uint64_t> times;
    for (const Connection* c : story.at_port(listener.witness, listener.flow.local.port))
        if (c->accepted && came_to(listener, *c))
            if (const std::uint64_t at = accepted_at(*c)) times.push_back(at);
    std::sort(times.begin(), times.end());
    return times;
}

std::uint64_t dropped(const Waiting& waiting) {
    std::uint64_t sum = 0;
    for (const Event* event : waiting.events) sum += event->as<Queue>()->drops;
    return sum;
}

const Event* syn_cookies_sent(const Story& story, WitnessId witness, std::uint64_t time_ns) {
    constexpr std::uint64_t look_ns = 3'000'000'000;
    for (const Event& event : story.unmatched)
        if (const Queue* queue = event.as<Queue>(); queue && queue->what == Queue::What::counters && queue->syn_cookies && event.witness == witness && event.time_ns >= time_ns && event.time_ns <= time_ns + look_ns)
            return &event;
    return nullptr;
}

std::string queue_limit_text(const Story& story, const Connection& listener, const Queue& queue) {
    std::string text = fmt::format("its accept queue is full beyond {}", queue.accept_max);
    for (const Event& event : listener.events) {
        const Call* call = event.as<Call>();
        if (!call || call->op != Call::Op::listen || call->argument < 0 || static_cast<std::uint32_t>(call->argument) <= queue.accept_max) continue;
        text += fmt::format(": listen() asked for {}, net.core.somaxconn allows {}", call->argument, queue.accept_max);
        return text;
    }
    const auto& sysctls = story.witnesses[listener.witness].sysctls;
    const auto most = sysctls.find("net.core.somaxconn");
    if (most != sysctls.end() && most->second != std::to_string(queue.accept_max))
        text += fmt::format(", as listen() asked; net.core.somaxconn would allow {}", printable(most->second));
    return text;
}

std::string holder(const Connection& c, const Queue* queue) {
    if (c.owner.known() && !(queue && queue->task.known() && queue->process_state == 'T')) return who(c);
    return queue && queue->task.known() ? who(queue->task) : who(c);
}

}  // namespace tcpwitness
