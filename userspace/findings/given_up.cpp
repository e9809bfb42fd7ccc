#include "findings/given_up.h"

#include <algorithm>
#include <cerrno>
#include <map>

#include <fmt/format.h>

#include "findings/facts.h"

namespace tcpwitness {

std::optional<GivenUp> given_up(const Connection& c) {
    if (!c.has(sign::error) || !c.has(sign::established)) return std::nullopt;
    GivenUp how;
    const Event* again = nullptr;
    for (const Event& event : c.events) {
        if (const auto* error = event.as<SocketError>()) {
            if (error->error != ETIMEDOUT) continue;
            how.error = &event;
            how.user_timeout_ms = error->user_timeout_ms;
        } else if (const auto* timer = event.as<Timer>()) {
            if (timer->which == Timer::Which::keepalive && timer->what == Timer::What::fired && !how.error) how.keepalive = &event;
        } else if (event.as<Retransmit>()) {
            again = &event;
        } else if (const auto* reset = event.as<ResetSent>(); reset && !reset->answers_segment) {
            how.reset = &event;
        }
    }
    if (!how.error) return std::nullopt;
    const bool told = how.reset && how.reset->as<ResetSent>()->reason == "TCP_KEEPALIVE_TIMEOUT";
    // Kernels before 6.10 give no reason: a keepalive timer that fires with probes unanswered, and nothing that was sent again since.
    const bool fired = how.keepalive && how.keepalive->as<Timer>()->retransmits > 0 && (!again || again->time_ns < how.keepalive->time_ns);
    how.by_keepalive = told || fired;
    return how;
}

std::uint64_t silent_since(const GivenUp& how) {
    const std::uint64_t idle_ns = std::uint64_t{how.error->as<SocketError>()->tcp.recv_idle_ms} * 1'000'000;
    return how.error->time_ns - std::min(how.error->time_ns, std::max<std::uint64_t>(idle_ns, 1));
}

std::string options_text(const Story& story, const Connection& c, std::initializer_list<std::pair<int, int>> wanted) {
    std::map<std::pair<int, int>, const SocketOption*> set;
    const auto read = [&](const Connection* from) {
        if (!from) return;
        for (const Event& event : from->events)
            if (const auto* option = event.as<SocketOption>(); option && option->ret == 0) set[{option->level, option->option}] = option;
    };
    read(story.connection(c.listener));  // an accepted socket inherits
    read(&c);
    std::string text;
    for (const auto& one : wanted)
        if (const auto found = set.find(one); found != set.end()) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name(*found->second), found->second->value);
    return text;
}

void judge_silence(Finding& f, const Story& story, const Connection& c) {
    f.settle = record_on(c.flow.peer.address) + ": it tells whether the path or that host went silent";
    const Connection* other = story.other_end(c);
    if (!other) return;
    add_end(f, other);
    f.certainty = Certainty::likely;
    f.reasons.push_back(fmt::format("{} was recorded at that time: its end {} and got no sign of trouble", place(story, other->witness), other->live() ? "stayed open" : "ended on its own"));
    f.settle = fmt::format("capture packets on {} at the same time: data segments are not in this trace", c.flow.peer.address.text());
}

}  // namespace tcpwitness
