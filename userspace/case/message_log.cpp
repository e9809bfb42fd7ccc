#include "case/message_log.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace tcpwitness {

namespace {

constexpr std::uint64_t slack_ns = 2'000'000'000;  ///< a log's clock shows when its line was written

struct Times {
    std::uint64_t first_ns = ~std::uint64_t{0}, last_ns = 0;
    void learn(std::uint64_t time_ns) {
        first_ns = std::min(first_ns, time_ns);
        last_ns = std::max(last_ns, time_ns);
    }
};

Times times_of(const Exhibit& exhibit) {
    Times times;
    for (const Event& event : exhibit.events) times.learn(event.time_ns);
    for (const Connection& connection : exhibit.connections) {
        times.learn(connection.begin_ns);
        times.learn(connection.end_ns);
    }
    return times;
}

/// The log's messages of the exhibit's time, on its clock.
std::vector<Event> messages_of(const Exhibit& log, const Exhibit& to) {
    std::vector<Event> messages;
    const Times covered = times_of(to);
    const std::uint64_t to_wall_ns = to.info.boot_to_wall_ns;
    for (const Event& message : log.events) {
        if (message.time_ns < to_wall_ns) continue;
        const std::uint64_t time_ns = message.time_ns - to_wall_ns;
        if (time_ns + slack_ns < covered.first_ns || time_ns > covered.last_ns + slack_ns) continue;
        Event& added = messages.emplace_back(message);
        added.time_ns = time_ns;
        added.witness = 0;
    }
    return messages;
}

std::set<Endpoint> peers_of(const Exhibit& exhibit) {
    std::set<Endpoint> peers;
    for (const Event& event : exhibit.events) peers.insert(event.flow.peer);
    for (const Connection& connection : exhibit.connections) peers.insert(connection.flow.peer);
    return peers;
}

void add(std::vector<Event> messages, Exhibit& to) {
    if (to.connections.empty()) {
        const auto before = static_cast<std::ptrdiff_t>(to.events.size());
        std::move(messages.begin(), messages.end(), std::back_inserter(to.events));
        std::inplace_merge(to.events.begin(), to.events.begin() + before, to.events.end(), [](const Event& a, const Event& b) { return a.time_ns < b.time_ns; });
        for (std::size_t i = 0; i < to.events.size(); ++i) to.events[i].id = i + 1;
        return;
    }
    std::uint64_t id = to.packets + to.events.size();  // a packet's event has its frame's number
    for (Event& message : messages) {
        message.id = ++id;
        to.events.push_back(std::move(message));
    }
}

}  // namespace

void place_logs(std::vector<Exhibit>& exhibits) {
    const auto logs_among = std::count_if(exhibits.begin(), exhibits.end(), [](const Exhibit& one) { return one.log; });
    if (logs_among == 0 || logs_among == static_cast<std::ptrdiff_t>(exhibits.size())) return;
    std::vector<Exhibit> logs;
    std::vector<Exhibit> others;
    for (Exhibit& exhibit : exhibits) (exhibit.log ? logs : others).push_back(std::move(exhibit));
    std::vector<std::set<Endpoint>> peers;
    for (const Exhibit& other : others) peers.push_back(peers_of(other));
    for (const Exhibit& log : logs) {
        std::size_t best = 0;
        std::ptrdiff_t most = 0;
        for (std::size_t i = 0; i < others.size(); ++i) {
            const auto known = std::count_if(log.events.begin(), log.events.end(), [&](const Event& message) { return peers[i].contains(message.flow.peer); });
            if (known <= most) continue;
            most = known;
            best = i;
        }
        add(messages_of(log, others[best]), others[best]);
    }
    exhibits = std::move(others);
}

}  // namespace tcpwitness
