#include "parsers/event_store.h"

#include <algorithm>
#include <utility>

#include "base/blocks.h"

namespace tcpwitness {

namespace {

struct Place {
    std::uint64_t time_ns;
    std::uint32_t chunk, index;

    auto operator<=>(const Place&) const = default;
};

void reserve(std::vector<Event>& events, std::size_t count) {
    events.reserve(count);
    ask_for_huge_pages(events.data(), events.capacity() * sizeof(Event));
}

}  // namespace

std::vector<Event>& EventStore::room() {
    if (chunks_.empty() || chunks_.back().size() + per_record > per_chunk) reserve(chunks_.emplace_back(), per_chunk);
    return chunks_.back();
}

std::vector<Event> EventStore::take_ordered() {
    std::size_t count = 0;
    for (const auto& chunk : chunks_) count += chunk.size();
    std::vector<Place> order;
    order.reserve(count);
    for (std::uint32_t chunk = 0; chunk < chunks_.size(); ++chunk)
        for (std::uint32_t index = 0; index < chunks_[chunk].size(); ++index) order.push_back({chunks_[chunk][index].time_ns, chunk, index});
    if (!std::is_sorted(order.begin(), order.end())) std::sort(order.begin(), order.end());

    std::vector<std::size_t> left;  // per chunk; one that is moved out gives its memory back at once
    for (const auto& chunk : chunks_) left.push_back(chunk.size());
    std::vector<Event> events;
    reserve(events, count);
    for (const Place& place : order) {
        events.push_back(std::move(chunks_[place.chunk][place.index]));
        events.back().id = events.size();
        if (--left[place.chunk] == 0) std::vector<Event>().swap(chunks_[place.chunk]);
    }
    chunks_.clear();
    return events;
}

}  // namespace tcpwitness
