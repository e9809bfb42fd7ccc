#include "case/message_log.h"

#include <algorithm>
#include <iterator>
#include <optional>
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

/// By how many whole hours the log's times must be shifted so that most of its messages lie in the exhibit's time; nothing where no shift helps.
std::optional<int> fitting_shift(const Exhibit& log, const Exhibit& to) {
    constexpr int most_hours = 14;
    constexpr std::int64_t hour_ns = 3'600'000'000'000;
    const Times covered = times_of(to);
    const auto to_wall_ns = static_cast<std::int64_t>(to.info.boot_to_wall_ns);
    std::optional<int> best;
    std::ptrdiff_t most = 0;
    for (int hours = 1; hours <= most_hours; ++hours)
        for (const int shift : {hours, -hours}) {
            const auto fit = std::count_if(log.events.begin(), log.events.end(), [&](const Event& message) {
                const std::int64_t time = static_cast<std::int64_t>(message.time_ns) + shift * hour_ns - to_wall_ns, slack = slack_ns;
                return time + slack >= static_cast<std::int64_t>(covered.first_ns) && time <= static_cast<std::int64_t>(covered.last_ns) + slack;
            });
            if (fit > most) most = fit, best = shift;
        }
    return best;
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
    std::vector<Exhibit> apart;
    for (Exhibit& log : logs) {
        std::size_t best = 0;
        std::ptrdiff_t most = 0;
        for (std::size_t i = 0; i < others.size(); ++i) {
            const auto known = std::count_if(log.events.begin(), log.events.end(), [&](const Event& message) { return peers[i].contains(message.flow.peer); });
            if (known <= most) continue;
            most = known;
            best = i;
        }
        std::vector<Event> messages = messages_of(log, others[best]);
        if (messages.empty() && !log.events.empty()) {  // of another time, or its clock is another zone's: it stands for itself
            if (const auto hours = fitting_shift(log, others[best])) log.info.meta["log.fits_shifted_hours"] = std::to_string(*hours);
            apart.push_back(std::move(log));
            continue;
        }
        if (const std::size_t outside = log.events.size() - messages.size()) others[best].info.meta["log.messages_outside"] = std::to_string(outside);
        add(std::move(messages), others[best]);
    }
    std::move(apart.begin(), apart.end(), std::back_inserter(others));
    exhibits = std::move(others);
}

}  // namespace tcpwitness
