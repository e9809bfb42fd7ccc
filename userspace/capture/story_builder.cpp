#include "capture/story_builder.h"

#include <algorithm>
#include <iterator>

#include "model/event.h"

namespace tcpwitness {

namespace {

constexpr std::size_t most_events = 3'000'000;  // 288 bytes each
constexpr std::size_t most_resets = 100'000;

bool is_control(const LoggedPacket& packet) { return packet.flags & (tcp_flag::syn | tcp_flag::fin | tcp_flag::rst); }

}  // namespace

bool StoryBuilder::only_resets(const Session& session) const {
    const std::uint32_t packets = session.sides[0].wire.packets + session.sides[1].wire.packets;
    return session.preexisting && packets == 1 && session.reset() && !session.icmp;
}

void StoryBuilder::add(Session& session) {
    ends_.learn(session);
    const bool stray = only_resets(session);
    if (stray ? resets_.size() >= most_resets : ended_.size() >= options_.max_listed) {
        ++not_listed_;
        session.log.clear(pool_);
        return;
    }
    if (!large_ && pool_.in_use() * LogPool::per_chunk > options_.keep_packets) forget_quiet_logs();
    EndedSession ended = end_session(session, facts_.add(wire_facts(session)));
    if (large_ && ended.interests == 0) thin_out(ended.log);
    (stray ? resets_ : ended_).push_back(std::move(ended));
}

/// What another witness may be asked about stays: a few packets in chunks of their own.
void StoryBuilder::thin_out(PacketLog& log) {
    PacketLog control;
    constexpr std::uint32_t few_chunks = 4;
    if (options_.keep_all_control)
        log.for_each(pool_, [&](const LoggedPacket& packet) {
            if (!is_control(packet)) return;
            const LoggedPacket copy = packet;  // the pool may grow
            control.add(pool_, copy, few_chunks);
        });
    log.clear(pool_);
    log = control;
}

void StoryBuilder::forget_quiet_logs() {
    large_ = true;
    ended_.for_each([&](EndedSession& ended) {
        if (ended.interests == 0) thin_out(ended.log);
    });
}

void StoryBuilder::add_events(Connection& connection, EndedSession& ended, bool local_is_server, std::vector<Event> icmp) {
    std::uint64_t count = 0;
    ended.log.for_each(pool_, [&](const LoggedPacket&) { ++count; });
    connection.events.reserve(count + icmp.size());
    ended.log.for_each(pool_, [&](const LoggedPacket& packet) { connection.events.push_back(to_event(packet, ended, local_is_server, macs_)); });
    std::move(icmp.begin(), icmp.end(), std::back_inserter(connection.events));
    std::stable_sort(connection.events.begin(), connection.events.end(), [](const Event& a, const Event& b) { return a.time_ns < b.time_ns; });
    connection.events_dropped = ended.log.dropped();
    connection.dropped_until_ns = ended.log.dropped_until_ns();
    ended.log.clear(pool_);
    events_ += connection.events.size();
}

CaptureStory StoryBuilder::finish(const CaptureReader& reader, IcmpNotes& icmp, std::uint64_t first_ns, std::uint64_t last_ns) {
    ends_.decide(options_.local);
    CaptureStory story;
    story.info = info_of(reader, first_ns, last_ns);
    story.not_listed = not_listed_;
    story.on_the_way = !ends_.found();
    const auto local_is_server = [&](const EndedSession& ended) {
        return ends_.is_local(ended.server.address, ended.mac[1]) && !ends_.is_local(ended.client.address, ended.mac[0]);
    };
    std::vector<std::pair<std::uint32_t, std::uint32_t>> order(ended_.size());  // streams and places
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = {ended_[i].facts->stream, i};
    std::sort(order.begin(), order.end());
    story.connections.reserve(ended_.size());
    for (const auto& [stream, place] : order) {
        EndedSession& ended = ended_[place];
        if (ended.interests && events_ >= most_events) {  // trouble that cannot be looked into
            ended.log.clear(pool_);
            ++story.not_listed;
            continue;
        }
        ended.facts->on_the_way = story.on_the_way;
        const bool at_server = local_is_server(ended);
        Connection& connection = story.connections.emplace_back(to_connection(ended, at_server, last_ns));
        connection.id = static_cast<ConnectionId>(story.connections.size());
        std::vector<Event> errors = ended.icmp ? icmp.take(ended.facts->stream, connection.flow) : std::vector<Event>{};
        if (!ended.log.empty() || !errors.empty()) add_events(connection, ended, at_server, std::move(errors));
        ended.facts.reset();
    }
    resets_.for_each([&](EndedSession& stray) {
        const bool at_server = local_is_server(stray);
        stray.log.for_each(pool_, [&](const LoggedPacket& packet) { story.unmatched.push_back(to_event(packet, stray, at_server, macs_)); });
        stray.log.clear(pool_);
    });
    std::vector<Event> others = icmp.take_unmatched();
    for (Event& event : others) event.as<Icmp>()->outgoing = ends_.is_local(event.as<Icmp>()->sender, 0);
    std::move(others.begin(), others.end(), std::back_inserter(story.unmatched));
    std::stable_sort(story.unmatched.begin(), story.unmatched.end(), [](const Event& a, const Event& b) { return a.id < b.id; });
    ended_.clear();
    resets_.clear();
    return story;
}

TraceInfo StoryBuilder::info_of(const CaptureReader& reader, std::uint64_t first_ns, std::uint64_t last_ns) const {
    TraceInfo info;
    info.tool = reader.software();
    info.host = reader.hostname();
    info.started_ns = first_ns;
    info.ended_ns = last_ns;
    info.cut_note = reader.cut_note();
    info.cut_off = !info.cut_note.empty();
    Witness witness;
    witness.host = info.host;
    witness.on_path = !ends_.found();
    witness.name = !ends_.found() ? "on the path" : !info.host.empty() ? info.host : ends_.addresses().empty() ? "this host" : ends_.addresses().begin()->text();
    info.witnesses.push_back(std::move(witness));
    for (const CaptureInterface& interface : reader.interfaces()) {
        Interface one;
        one.name = interface.name;
        one.index = static_cast<std::uint32_t>(info.interfaces.size());
        info.interfaces.push_back(std::move(one));
    }
    packets_only(info);
    return info;
}

}  // namespace tcpwitness
