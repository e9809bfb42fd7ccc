#include "sources/message_log.h"

#include <algorithm>
#include <iterator>

namespace tcpwitness {

namespace {

constexpr std::uint64_t slack_ns = 2'000'000'000;  ///< a log's clock shows when its line was written

}  // namespace

std::vector<Event> messages_of(const Trace& log, std::uint64_t first_ns, std::uint64_t last_ns, std::uint64_t to_wall_ns) {
    std::vector<Event> messages;
    for (const Event& message : log.events) {
        if (message.time_ns < to_wall_ns) continue;
        const std::uint64_t time = message.time_ns - to_wall_ns;
        if (time + slack_ns < first_ns || time > last_ns + slack_ns) continue;
        Event& added = messages.emplace_back(message);
        added.time_ns = time;
        added.witness = 0;
    }
    return messages;
}

void add_messages(Trace& to, const Trace& log) {
    if (to.events.empty()) return;
    std::vector<Event> messages = messages_of(log, to.events.front().time_ns, to.events.back().time_ns, to.info.boot_to_wall_ns);
    if (messages.empty()) return;
    const auto before = static_cast<std::ptrdiff_t>(to.events.size());
    std::move(messages.begin(), messages.end(), std::back_inserter(to.events));
    const auto by_time = [](const Event& a, const Event& b) { return a.time_ns < b.time_ns; };
    std::inplace_merge(to.events.begin(), to.events.begin() + before, to.events.end(), by_time);
    for (std::size_t i = 0; i < to.events.size(); ++i) to.events[i].id = i + 1;
}

}  // namespace tcpwitness
