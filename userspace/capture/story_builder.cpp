#include "capture/story_builder.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "model/event.h"

namespace tcpwitness {

namespace {

constexpr std::size_t most_events = 3'000'000;  // 336 bytes each

struct Place {
    std::uint32_t stream, part, index;
    bool operator<(const Place& other) const { return stream < other.stream; }
};

}  // namespace

StoryBuilder::StoryBuilder(std::span<CapturePart> parts, const CaptureReader& reader, const CaptureOptions& options)
    : parts_(parts), reader_(reader), options_(options) {
    number_streams();
    merge_ends();
    if (std::any_of(parts_.begin(), parts_.end(), [](const CapturePart& part) { return part.sessions.large; }))
        for (CapturePart& part : parts_) part.sessions.forget_quiet_logs();
}

/// In the order of their first packets, whichever part they are in.
void StoryBuilder::number_streams() {
    std::size_t total = 0;
    for (const CapturePart& part : parts_) {
        streams_.emplace_back().reserve(part.first_frames.size());
        total += part.first_frames.size();
    }
    for (std::uint32_t stream = 0; stream < total; ++stream) {
        std::size_t first = parts_.size();
        std::uint64_t least = UINT64_MAX;
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            const auto& frames = parts_[i].first_frames;
            if (streams_[i].size() == frames.size() || frames[streams_[i].size()] >= least) continue;
            least = frames[streams_[i].size()];
            first = i;
        }
        streams_[first].push_back(stream);
    }
}

void StoryBuilder::merge_ends() {
    MacTable all;
    for (const CapturePart& part : parts_) {
        auto& numbers = macs_.emplace_back(1);  // 0 = none
        for (std::size_t i = 1; i <= part.macs.size(); ++i) numbers.push_back(all.number(part.macs[static_cast<std::uint16_t>(i)]));
        ends_.learn(part.sessions.ends, numbers);
    }
    const std::vector<Address> own = reader_.own_addresses();
    ends_.decide(own.empty() ? options_.local : std::vector<std::vector<Address>>{own});
    story_.on_the_way = !ends_.found();
}

bool StoryBuilder::local_is_server(std::size_t part, const EndedSession& ended) const {
    const auto& macs = macs_[part];
    return ends_.is_local(ended.server.address, macs[ended.mac[1]]) && !ends_.is_local(ended.client.address, macs[ended.mac[0]]);
}

void StoryBuilder::add_events(std::size_t part, Connection& connection, EndedSession& ended, bool local_is_server, std::vector<Event> icmp) {
    const LogPool& pool = parts_[part].pool;
    const MacTable& macs = parts_[part].macs;
    std::uint64_t count = 0;
    ended.log.for_each(pool, [&](const LoggedPacket&) { ++count; });
    connection.events.reserve(count + icmp.size());
    ended.log.for_each(pool, [&](const LoggedPacket& packet) { connection.events.push_back(to_event(packet, ended, local_is_server, macs)); });
    std::move(icmp.begin(), icmp.end(), std::back_inserter(connection.events));
    std::stable_sort(connection.events.begin(), connection.events.end(), [](const Event& a, const Event& b) { return a.time_ns < b.time_ns; });
    connection.events_dropped = ended.log.dropped();
    connection.dropped_until_ns = ended.log.dropped_until_ns();
    events_ += connection.events.size();
}

void StoryBuilder::add_session(std::size_t part, EndedSession& ended, std::uint64_t over_ns) {
    LogPool& pool = parts_[part].pool;
    const std::uint32_t own_number = std::exchange(ended.facts->stream, streams_[part][ended.facts->stream]);
    if (ended.interests && events_ >= most_events) {  // trouble that cannot be looked into
        ended.log.clear(pool);
        ++story_.not_listed;
        return;
    }
    ended.facts->on_the_way = story_.on_the_way;
    const bool at_server = local_is_server(part, ended);
    Connection& connection = story_.connections.emplace_back(to_connection(ended, at_server, over_ns));
    connection.id = static_cast<ConnectionId>(story_.connections.size());
    std::vector<Event> errors = ended.icmp ? parts_[part].icmp.take(own_number, connection.flow) : std::vector<Event>{};
    if (!ended.log.empty() || !errors.empty()) add_events(part, connection, ended, at_server, std::move(errors));
    ended.log.clear(pool);
    ended.facts.reset();
}

void StoryBuilder::add_unmatched() {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        CapturePart& part = parts_[i];
        part.sessions.resets.for_each([&](EndedSession& stray) {
            const bool at_server = local_is_server(i, stray);
            stray.log.for_each(part.pool, [&](const LoggedPacket& packet) { story_.unmatched.push_back(to_event(packet, stray, at_server, part.macs)); });
            stray.log.clear(part.pool);
        });
        part.sessions.resets.clear();
        for (Event& event : part.icmp.take_unmatched()) {
            event.as<Icmp>()->outgoing = ends_.is_local(event.as<Icmp>()->sender, 0);
            story_.unmatched.push_back(std::move(event));
        }
    }
    std::stable_sort(story_.unmatched.begin(), story_.unmatched.end(), [](const Event& a, const Event& b) { return a.id < b.id; });
}

CaptureStory StoryBuilder::build(std::uint64_t first_ns, std::uint64_t last_ns, std::span<const Pause> pauses) {
    story_.info = info_of(first_ns, last_ns);
    story_.host_events = reader_.host_events();
    std::vector<Place> order;
    for (std::uint32_t part = 0; part < parts_.size(); ++part) {
        const EndedSessions& sessions = parts_[part].sessions;
        story_.not_listed += sessions.not_listed;
        for (std::uint32_t i = 0; i < sessions.ended.size(); ++i) order.push_back({streams_[part][sessions.ended[i].facts->stream], part, i});
    }
    std::sort(order.begin(), order.end());
    story_.connections.reserve(order.size());
    ask_for_huge_pages(story_.connections.data(), order.size() * sizeof(Connection));
    constexpr std::size_t per_block = Blocks<EndedSession>::per_block;
    std::vector<std::vector<std::size_t>> left;  // of each part, in each of its blocks
    for (const CapturePart& part : parts_) {
        auto& blocks = left.emplace_back();
        for (std::size_t rest = part.sessions.ended.size(); rest; rest -= blocks.back()) blocks.push_back(std::min(rest, per_block));
    }
    for (const Place& place : order) {
        EndedSession& ended = parts_[place.part].sessions.ended[place.index];
        const auto pause = std::find_if(pauses.begin(), pauses.end(), [&](const Pause& one) { return one.from_ns >= ended.end_ns; });
        add_session(place.part, ended, pause == pauses.end() ? last_ns : pause->from_ns);
        if (--left[place.part][place.index / per_block] == 0) parts_[place.part].sessions.ended.drop_block(place.index / per_block);
    }
    for (CapturePart& part : parts_) part.sessions.ended.clear();
    add_unmatched();
    return std::move(story_);
}

TraceInfo StoryBuilder::info_of(std::uint64_t first_ns, std::uint64_t last_ns) const {
    TraceInfo info;
    info.tool = reader_.software();
    info.host = reader_.hostname();
    info.started_ns = first_ns;
    info.ended_ns = last_ns;
    info.cut_note = reader_.cut_note();
    info.cut_off = !info.cut_note.empty();
    info.damage = reader_.damage();
    info.copies = reader_.notes();
    Witness witness;
    witness.host = info.host;
    witness.on_path = !ends_.found();
    witness.name = !ends_.found() ? "on the path" : !info.host.empty() ? info.host : ends_.addresses().empty() ? "this host" : ends_.addresses().begin()->text();
    info.witnesses.push_back(std::move(witness));
    for (const CaptureInterface& interface : reader_.interfaces()) {
        Interface one;
        one.name = interface.name;
        one.index = static_cast<std::uint32_t>(info.interfaces.size());
        info.interfaces.push_back(std::move(one));
    }
    packets_only(info);
    return info;
}

}  // namespace tcpwitness
