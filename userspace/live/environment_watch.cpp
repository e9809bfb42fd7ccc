#include "live/environment_watch.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include "live/kernel.h"
#include "parsers/environment_record.h"

namespace tcpwitness {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto usual_pause = std::chrono::seconds(3);
constexpr auto longest_first_look = std::chrono::seconds(3);
constexpr int share = 100;  // a look may take this part of a processor: a host with many namespaces is looked at less often

/// Of the calling thread.
std::chrono::nanoseconds processor_time() {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

EnvironmentWatch::EnvironmentWatch() : thread_([this] { run(); }) {}

EnvironmentWatch::~EnvironmentWatch() { finish(0); }

void EnvironmentWatch::add(std::uint32_t netns, std::string name) {
    {
        const std::lock_guard lock(mutex_);
        added_.emplace_back(netns, std::move(name));
    }
    wake_.notify_one();
}

void EnvironmentWatch::await_first_look() {
    std::unique_lock lock(mutex_);
    looked_.wait_for(lock, longest_first_look, [&] { return added_.empty() && !looking_; });
}

std::vector<std::string> EnvironmentWatch::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(ready_, {});
}

void EnvironmentWatch::finish(std::uint64_t end_ns) {
    {
        const std::lock_guard lock(mutex_);
        finishing_ = true;
        end_ns_ = end_ns;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void EnvironmentWatch::run() {
    auto next = Clock::now(), looked_last = next;
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait_until(lock, next, [&] { return finishing_ || !added_.empty(); });
        const bool last = finishing_;
        for (auto& [netns, name] : std::exchange(added_, {})) namespaces_[netns].place = std::move(name);
        looking_ = true;
        lock.unlock();
        const auto began = processor_time();
        const auto pause = Clock::now() - std::exchange(looked_last, Clock::now());
        longest_pause_ns_ = std::max(longest_pause_ns_, static_cast<std::uint64_t>(std::chrono::nanoseconds(pause).count()));
        look_everywhere(last);
        next = Clock::now() + std::max<Clock::duration>(usual_pause, share * (processor_time() - began));
        lock.lock();
        looking_ = false;
        looked_.notify_all();
        if (last) return;
    }
}

void EnvironmentWatch::look_everywhere(bool last) {
    Facts now = host_.look();
    now.carry_over(host_known_);
    tell(0, host_seen_ ? differences(host_known_, now, last) : as_found(now));
    host_known_ = std::move(now);
    host_seen_ = true;
    for (auto& [netns, watched] : namespaces_)
        if (!watched.gone) look_at(netns, watched, last);
}

void EnvironmentWatch::look_at(std::uint32_t netns, Watched& watched, bool last) {
    NamespaceFile found_at = open_namespace(netns, watched.place);
    if (!found_at.file || setns(found_at.file.get(), CLONE_NEWNET) != 0) {
        // A namespace that ended took its configuration along: no change that anyone made.
        if (!watched.seen) tell(netns, {{Environment::What::unreadable, false, "namespace", "", "", "it cannot be entered any more"}});
        watched.gone = true;
        return;
    }
    watched.place = std::move(found_at.path);
    Facts now = watched.environment.look(last || !watched.seen);
    const Facts counted = now;
    now.carry_over(watched.known);
    if (!watched.seen) {
        auto found = as_found(now);
        std::erase_if(found, [](const Environment& fact) { return fact.topic == "sysctl"; });  // stand in the namespace's metadata
        tell(netns, std::move(found));
    } else {
        tell(netns, differences(watched.known, now, false));
        if (last) {
            auto moved = differences(watched.known, counted, true);
            std::erase_if(moved, [](const Environment& fact) { return fact.what != Environment::What::counted; });
            tell(netns, std::move(moved));
        }
    }
    watched.known = std::move(now);
    watched.seen = true;
}

void EnvironmentWatch::tell(std::uint32_t netns, std::vector<Environment> facts) {
    if (facts.empty()) return;
    const std::lock_guard lock(mutex_);
    const std::uint64_t now = end_ns_ ? end_ns_ : boot_clock_ns();
    for (const Environment& fact : facts) ready_.push_back(environment_record(now, netns, fact));
}

}  // namespace tcpwitness
