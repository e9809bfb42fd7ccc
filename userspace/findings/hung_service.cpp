#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/queue_facts.h"
#include "findings/request_given_up.h"
#include "model/describe.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "hung-service";
constexpr Proof proofs[] = {{"accept() was called and failed for want of a resource, by its own result", 0}};
constexpr std::uint64_t least_ns = 5'000'000'000;
constexpr std::uint64_t passing_ns = 2'000'000'000;  ///< a server that can accept() again so soon has kept nobody waiting for long

/// Stopped, or waiting in the kernel for something that may never come: it can do nothing at all.
bool cannot_move(const Queue* process) {
    return process && (process->process_state == 'T' || process->process_state == 't' || process->process_state == 'D');
}

/// The longest time within [from, to] in which nobody accepted; `accepts` ascends.
struct Pause {
    std::uint64_t from_ns = 0, to_ns = 0;
};
Pause longest_pause(const std::vector<std::uint64_t>& accepts, const Waiting& waiting) {
    Pause longest;
    std::uint64_t from = waiting.from_ns;
    const auto consider = [&](std::uint64_t to) {
        if (to - from > longest.to_ns - longest.from_ns) longest = {from, to};
        from = to;
    };
    for (const std::uint64_t time : accepts)
        if (time > from && time < waiting.to_ns) consider(time);
    consider(waiting.to_ns);
    return longest;
}

/// Data that the process has left unread for long; nullptr when there is none.
const Event* unread(const Story& story, const Connection& c) {
    for (const Waiting& waiting : waits(story, c, Queue::What::receive))
        if (waiting.length_ns() >= least_ns && waiting.last().accepted && cannot_move(waiting.process())) return waiting.events.back();
    return nullptr;
}

/// All that a process owns and that suffers with it.
void add_unread(Finding& f, const Story& story, const Connection& of, std::set<ConnectionId>& told) {
    std::size_t count = 0;
    for (const Connection& c : story.with(sign::waited)) {
        if (c.is_listener() || c.witness != of.witness || !c.owner.known() || c.owner.pid != of.owner.pid) continue;
        const auto all = waits(story, c, Queue::What::receive);
        if (std::none_of(all.begin(), all.end(), [](const Waiting& one) { return one.length_ns() >= least_ns && one.last().accepted; })) continue;
        ++count;
        told.insert(c.id);
        cite(f, all.back().events.back());
        add_end(f, &c);
        add_end(f, story.other_end(c));
    }
    if (count) f.reasons.push_back(fmt::format("it leaves received data unread on {}", count_text(count, "connection", "connections")));
}

/// What its workers had accepted and did not answer meanwhile: while they are at it, nobody accepts.
void add_unanswered(Finding& f, const Story& story, const Connection& listener, std::uint64_t from_ns, std::uint64_t to_ns) {
    for (const Connection* c : story.come_to(listener)) {
        if (!c->accepted || !c->established_ns || *c->established_ns > to_ns || (!c->live() && c->end_ns < from_ns) || !left_unanswered(*c)) continue;
        add_end(f, c);
        add_end(f, story.other_end(*c));
    }
}

void add_process(Finding& f, const Queue* process) {
    if (!process) {
        f.settle = "look at the process: ps, /proc/PID/stack and a debugger tell what it waits for";
        return;
    }
    f.reasons.push_back("at that time: " + process_text(*process));
    f.settle = fmt::format("look at the process while it hangs: /proc/{}/stack and gdb -p {} tell what it waits for", process->task.tid ? process->task.tid : process->task.pid,
                           process->task.pid);
}

/// accept() that was called and failed for want of something: the process wants to, and cannot.
struct FailedAccepts {
    std::uint64_t count = 0, first_ns = 0, last_ns = 0;
    std::int32_t error = 0;
    Task task;
    std::vector<const Event*> calls;
};
FailedAccepts failed_accepts(const Connection& listener) {
    FailedAccepts failed;
    for (const Event& event : listener.events) {
        const Call* call = event.as<Call>();
        if (!call || call->op != Call::Op::accept || call->phase != Call::Phase::exit || (call->ret != -EMFILE && call->ret != -ENFILE && call->ret != -ENOMEM && call->ret != -ENOBUFS)) continue;
        failed.count += 1 + static_cast<std::uint64_t>(std::max(call->argument, 0));
        if (!failed.first_ns) failed.first_ns = event.time_ns;
        failed.last_ns = event.time_ns;
        failed.error = -call->ret;
        failed.task = call->task;
        failed.calls.push_back(&event);
    }
    return failed;
}

/// It lacked something for a moment only: the first accept() that came through after the failures.
bool got_over(const std::vector<std::uint64_t>& accepted, const FailedAccepts& failed) {
    const auto next = std::upper_bound(accepted.begin(), accepted.end(), failed.last_ns);
    return next != accepted.end() && *next - failed.first_ns < passing_ns;
}

/// Calls that failed and are not listed themselves: the next one that came through tells how many.
std::uint64_t failed_unlisted(const Story& story, const Connection& listener) {
    std::uint64_t count = 0;
    for (const Connection* c : story.come_to(listener)) {
        if (!c->accepted) continue;
        for (const Event& event : c->events)
            if (const Call* call = event.as<Call>(); call && call->op == Call::Op::accept && call->phase == Call::Phase::exit && call->ret >= 0) count += static_cast<std::uint64_t>(std::max(call->argument, 0));
    }
    return count;
}

const char* lacking(std::int32_t error) {
    switch (error) {
        case EMFILE: return "it has as many descriptors open as it may (RLIMIT_NOFILE)";
        case ENFILE: return "the whole host has as many files open as it may (fs.file-max)";
        default: return "the kernel had no memory for it";
    }
}

Finding tell_failing(const Story& story, const Connection& c, const FailedAccepts& failed) {
    Finding f = about(id, failed.error == ENFILE ? Culprit::local_configuration : Culprit::local_application, Certainty::likely, c, failed.first_ns);
    prove(f, proofs[0]);
    f.last_ns = failed.last_ns;
    f.onset_ns = failed.first_ns;
    f.headline = fmt::format("{}{} cannot accept() on {}: {} failed with {}{}", failed.task.comm.empty() ? who(c) : who(failed.task), at_place(story, c), c.flow.local.text(),
                             count_text(failed.count, "call", "calls"), errno_name(failed.error), failed.last_ns > failed.first_ns ? " within " + since(failed.first_ns, failed.last_ns) : "");
    f.reasons.push_back(lacking(failed.error));
    cite(f, failed.calls);
    add_unserved(f, unserved(story, c, failed.first_ns, failed.last_ns));
    if (f.connections.size() > 1) f.reasons.push_back(fmt::format("{} for it meanwhile", count_text((f.connections.size() - 1 + 1) / 2, "connection waited", "connections waited")));
    f.fold_key = std::to_string(c.id);
    return f;
}

std::string state_text(const Queue* process) {
    if (!cannot_move(process)) return {};
    return process->process_state == 'D' ? "; it waits uninterruptibly (D)" : "; it is stopped (T)";
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    std::set<ConnectionId> told;
    for (const Connection& c : story.with(trait::listener)) {
        if (FailedAccepts failed = failed_accepts(c); failed.count) {
            if (got_over(accepts(story, c), failed)) continue;
            failed.count += failed_unlisted(story, c);
            found.push_back(tell_failing(story, c, failed));
            continue;  // it does call accept()
        }
        if (!c.has(sign::waited) || !calls_told(story, c.witness)) continue;
        const auto all = waits(story, c, Queue::What::listener);
        if (std::none_of(all.begin(), all.end(), [](const Waiting& one) { return one.length_ns() >= least_ns; })) continue;
        const auto times = accepts(story, c);
        for (const Waiting& waiting : all) {
            const Queue& last = waiting.last();
            if (waiting.length_ns() < least_ns || !last.accept_queue) continue;
            const auto [from, to] = longest_pause(times, waiting);
            if (to - from < least_ns) continue;
            const Queue* process = waiting.process();
            Finding f = about(id, Culprit::local_application, Certainty::likely, c, from);
            f.last_ns = to;
            f.onset_ns = from;
            lean_on(f, c.witness, Evidence::sockets);
            const std::uint64_t drops = dropped(waiting);
            f.headline = fmt::format("{}{} has not called accept() on {} for {}{}: {} for it{}{}", holder(c, process), at_place(story, c), c.flow.local.text(), since(from, to),
                                     waiting.over || to < waiting.to_ns ? "" : ", and still does not", count_text(last.accept_queue, "connection waits", "connections wait"),
                                     drops ? fmt::format(", {} dropped", count_text(drops, "packet was", "packets were")) : "", state_text(process));
            if (last.full()) f.reasons.push_back(queue_limit_text(story, c, last));
            add_process(f, process);
            cite(f, waiting.events);
            add_unserved(f, unserved(story, c, from, to));
            if (drops)
                for (const Connection* late : delayed(story, c, from, to)) add_end(f, late);
            add_unread(f, story, c, told);
            add_unanswered(f, story, c, from, to);
            f.fold_key = std::to_string(c.id);
            found.push_back(std::move(f));
        }
    }
    // A process that can do nothing shows by its open connections too, with nobody at its listener.
    std::map<std::pair<WitnessId, std::uint32_t>, const Connection*> processes;
    for (const Connection& c : story.with(sign::waited))
        if (c.role == Role::server && c.owner.known() && !told.contains(c.id) && unread(story, c)) processes.try_emplace({c.witness, c.owner.pid}, &c);
    for (const auto& [key, c] : processes) {
        const auto all = waits(story, *c, Queue::What::receive);
        const auto longest = std::max_element(all.begin(), all.end(), [](const Waiting& a, const Waiting& b) { return a.length_ns() < b.length_ns(); });
        Finding f = about(id, Culprit::local_application, Certainty::likely, *c, longest->from_ns);
        f.last_ns = longest->to_ns;
        f.headline = fmt::format("{}{} has not read what {} sent for {}{}{}", who(*c), at_place(story, *c), c->flow.peer.text(), since(longest->from_ns, longest->to_ns),
                                 longest->over ? "" : ", and still does not", state_text(longest->process()));
        add_process(f, longest->process());
        add_unread(f, story, *c, told);
        f.fold_key = fmt::format("{}/{}", key.first, key.second);
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule hung_service = {
    id, "a process that serves a port has stopped calling accept(), or leaves received data unread",
    "The kernel still answers for the process: handshakes complete, and data is acknowledged until the buffers are full. But the process takes nothing: it is stopped, waits for a lock, a disk or another "
    "service, or has lost its way. For the clients the service hangs.",
    "Connections wait in the accept queue and nobody called accept() for 5 s or more; or a process that is stopped (T) or waits uninterruptibly (D) leaves received data unread for as long. The finding shows the "
    "process's state, the system call it is in and where in the kernel it waits, read from /proc while it hung. Or accept() was called and failed with EMFILE, ENFILE, ENOMEM or ENOBUFS: the finding names the error.",
    "Not a slow accept() that catches up. Not a process that accepts, but too slowly: that is accept-queue-overflow. Not a sleeping process with nothing to do: something must wait for it. What its clients "
    "run into (timeouts, full queues, closed windows) is told as an effect.",
    "State T: someone stopped it (SIGSTOP, a debugger, a frozen container): kill -CONT. State D: the disk or network file system it waits for; /proc/PID/stack and dmesg. Sleeping in futex: a deadlock or an exhausted "
    "thread pool; gdb -p PID, thread apply all bt. Otherwise see what it calls: strace -p PID.",
    find,
    proofs,
};

}  // namespace tcpwitness
