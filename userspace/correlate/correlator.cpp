#include "correlate/correlator.h"

#include <algorithm>
#include <utility>

#include "correlate/byte_counts.h"
#include "correlate/lifecycle.h"
#include "correlate/reset_inference.h"

namespace tcpwitness {

namespace {

constexpr std::size_t usual_events = 8;

bool sent_without_socket(const Event& event) {
    const ResetSent* reset = event.as<ResetSent>();
    return reset && !reset->has_socket;
}

bool says_over(const Event& event) {
    const Queue* queue = event.as<Queue>();
    return queue && queue->over;
}

/// Keeps the first half and the last ones; forgets from the middle, a chunk at a time so that it costs little.
void keep_within(Connection& connection, std::size_t most) {
    if (connection.events.size() < most || most < 8) return;
    const auto first = connection.events.begin() + static_cast<std::ptrdiff_t>(most / 2);
    const auto chunk = static_cast<std::ptrdiff_t>(most / 4);
    connection.dropped_until_ns = std::max(connection.dropped_until_ns, (first + chunk - 1)->time_ns);
    connection.events.erase(first, first + chunk);
    connection.events_dropped += static_cast<std::uint64_t>(chunk);
}

}  // namespace

Correlator::Correlator(const TraceInfo& info, Limits limits) : limits_(limits) {
    story_.describe(info);
    story_.begin_ns = story_.recordings.front().begin_ns = info.started_ns;
    story_.end_ns = story_.recordings.front().end_ns = info.ended_ns;
}

Correlator::Correlator(Story described, Limits limits) : story_(std::move(described)), limits_(limits) {
    for (const Recording& recording : story_.recordings) {
        if (recording.begin_ns && (story_.begin_ns == 0 || recording.begin_ns < story_.begin_ns)) story_.begin_ns = recording.begin_ns;
        story_.end_ns = std::max(story_.end_ns, recording.end_ns);
    }
}

void Correlator::describe(const TraceInfo& info) { story_.describe(info); }

/// Whatever was recorded shows that its recording ran at that time.
void Correlator::cover(const Event& event) {
    if (story_.begin_ns == 0 || event.time_ns < story_.begin_ns) story_.begin_ns = event.time_ns;
    story_.end_ns = std::max(story_.end_ns, event.time_ns);
    const Segment* packet = event.as<Segment>();
    const RecordingId id = packet ? packet->recording : event.witness < story_.witnesses.size() ? story_.witnesses[event.witness].recordings.front() : 0;
    if (id >= story_.recordings.size()) return;
    Recording& recording = story_.recordings[id];
    if (recording.begin_ns == 0 || event.time_ns < recording.begin_ns) recording.begin_ns = event.time_ns;
    recording.end_ns = std::max(recording.end_ns, event.time_ns);
}

void Correlator::add(Event event) {
    cover(event);
    if (loose_.size() > most_loose_) forget_claimed_slots();

    if (event.as<ProcessExit>()) {
        story_.process_exits.push_back(std::move(event));
    } else if (event.as<Gap>()) {
        story_.gaps.push_back(std::move(event));
    } else if (event.as<Repeats>()) {
        story_.repeats.push_back(std::move(event));
    } else if (event.as<Environment>()) {
        story_.environment.push_back(std::move(event));
    } else if (event.as<Neighbour>()) {
        story_.neighbours.push_back(std::move(event));
    } else if (event.as<Message>()) {
        messages_.push_back(std::move(event));
    } else if (event.as<Segment>()) {
        add_packet(std::move(event));
    } else if (event.as<SynAckRetransmit>() || sent_without_socket(event)) {
        add_without_socket(std::move(event));
    } else if (const Call* call = event.as<Call>(); call && call->op == Call::Op::accept) {
        add_accept(std::move(event));
    } else if (says_over(event)) {
        // The recorder cannot tell a queue that was emptied from one that went with its socket.
        if (Connection* connection = by_cookie(event); connection && connection->live()) add_to(*connection, std::move(event));
    } else if (!wait_with_packets(event)) {
        split_second_attempt(event);
        if (Connection* connection = connection_of(event))
            add_to(*connection, std::move(event));
        else if (!event.cookie && !event.socket_id)
            story_.add_unmatched(std::move(event));
    }
}

Connection* Correlator::by_cookie(const Event& event) {
    if (event.cookie == 0) return nullptr;
    const auto known = cookies_.find({event.witness, event.cookie});
    return known == cookies_.end() ? nullptr : story_.connection(known->second);
}

Connection* Correlator::by_socket_id(const Event& event) {
    if (event.socket_id == 0) return nullptr;
    const auto known = socket_ids_.find({event.witness, event.socket_id});
    if (known == socket_ids_.end()) return nullptr;
    Connection* connection = story_.connection(known->second);
    if (!connection || connection->has(sign::destroyed)) return nullptr;  // the address was given to another socket
    // The kernel never takes a cookie back, so a record that lacks it or has another one is of another socket.
    return connection->cookie == 0 ? connection : nullptr;
}

Connection* Correlator::by_flow(const Event& event) {
    if (!event.flow.complete()) return nullptr;
    const auto slot = flows_.find({event.witness, event.flow});
    return slot == flows_.end() ? nullptr : story_.connection(slot->second.current);
}

const Connection* Correlator::find(const Event& event) {
    if (const Connection* connection = by_cookie(event)) return connection;
    if (const Connection* connection = by_socket_id(event)) return connection;
    return by_flow(event);
}

Connection* Correlator::connection_of(const Event& event) {
    if (Connection* connection = by_cookie(event)) return connection;
    if (event.cookie == 0 && event.socket_id == 0) return by_flow(event);

    const Call* call = event.as<Call>();
    const bool new_socket = call && call->op == Call::Op::socket && call->phase == Call::Phase::enter;
    if (!new_socket)
        if (Connection* connection = by_socket_id(event)) return connection;
    // Two sockets cannot have one tuple: an MPTCP socket stands over the TCP socket that has it.
    if (const Connection* subflow = call && call->op == Call::Op::accept ? by_flow(event) : nullptr; subflow && subflow->live() && !subflow->embryonic && subflow->cookie && event.cookie) {
        cookies_.try_emplace({event.witness, event.cookie}, subflow->id);
        return by_cookie(event);
    }
    if (event.cookie && event.state != TcpState::listen)
        if (Connection* half_open = by_flow(event); half_open && half_open->embryonic && !half_open->has(sign::knock)) {
            half_open->embryonic = false;
            half_open->signs &= ~sign::ended;
            return half_open;
        }
    return create(event);
}

Connection* Correlator::create(const Event& event) {
    if (story_.connections.size() >= limits_.max_connections && !make_room(event.time_ns)) {
        ++refused_;
        return nullptr;
    }
    Connection& fresh = story_.connections.emplace_back();
    fresh.id = ++last_id_;
    fresh.witness = event.witness;
    fresh.begin_ns = event.time_ns;
    return &fresh;
}

void Correlator::tie(Connection& connection, const Event& event) {
    if (event.as<SynAckRetransmit>() || sent_without_socket(event)) return;
    if (event.cookie && connection.cookie == 0) {
        connection.cookie = event.cookie;
        cookies_[{event.witness, event.cookie}] = connection.id;
    }
    if (event.socket_id && connection.socket_id != event.socket_id && !connection.has(sign::destroyed)) {
        connection.socket_id = event.socket_id;
        socket_ids_[{event.witness, event.socket_id}] = connection.id;
    }
}

void Correlator::mark_changed(Connection& connection) {
    if (!connection.roomy) {
        connection.roomy = true;
        roomy_.push_back(connection.id);
    }
    if (connection.changed) return;
    connection.changed = true;
    to_judge_.push_back(connection.id);
}

void Correlator::add_to(Connection& connection, Event event) {
    const bool was_listener = connection.is_listener();
    count_bytes(event, connection);
    if (ResetSent* reset = event.as<ResetSent>()) infer_reason(*reset, &connection);
    if (!event.as<Segment>()) tie(connection, event);
    take_facts(connection, event);
    const bool complete = !event.as<Segment>() && learn_flow(connection, event.flow);
    if (connection.is_listener() && !was_listener)
        listeners_[{connection.witness, connection.flow.local.port}].push_back(connection.id);
    if (event.as<Destroy>() && connection.socket_id) {
        const auto known = socket_ids_.find({connection.witness, connection.socket_id});
        if (known != socket_ids_.end() && known->second == connection.id) socket_ids_.erase(known);
    }
    connection.begin_ns = std::min(connection.begin_ns, event.time_ns);
    connection.end_ns = std::max(connection.end_ns, event.time_ns);
    keep_within(connection, limits_.max_events_per_connection);
    if (connection.events.size() == 1) connection.events.reserve(usual_events);  // one that only exists has no second event
    // Packets may be claimed late: their place is by time, close to the end.
    auto at = connection.events.end();
    while (at != connection.events.begin() && std::prev(at)->time_ns > event.time_ns) --at;
    connection.events.insert(at, std::move(event));
    mark_changed(connection);
    if (complete) register_flow(connection);
}

/// An accept() record names the accepted socket. Its beginning lies before that connection: it is the listener's event.
void Correlator::add_accept(Event event) {
    const Call& call = *event.as<Call>();
    const bool took_one = call.phase == Call::Phase::exit && call.ret >= 0 && !call.unfinished;
    Event at_listener = event;
    at_listener.cookie = call.listener_cookie;
    at_listener.socket_id = call.listener_socket_id;
    at_listener.flow.peer = {};
    at_listener.state = TcpState::listen;
    Connection* listener = connection_of(at_listener);
    if (!listener && !at_listener.cookie && !at_listener.socket_id) {
        story_.add_unmatched(std::move(event));
        return;
    }
    const ConnectionId listener_id = listener ? listener->id : 0;
    if (listener && !listener->is_listener() && listener->events.empty()) {
        // A listener that nobody told about: only its port is known here, the child's address may be one of many.
        listener->preexisting = true;
        listener->role = Role::listener;
        listener->flow.local.port = event.flow.local.port;
        listeners_[{listener->witness, listener->flow.local.port}].push_back(listener->id);
        story_.changed({listener->id});
    }
    if (!took_one) {
        if (listener) {
            at_listener.flow.local = listener->flow.local;
            add_to(*listener, std::move(at_listener));
        }
        return;
    }
    if (listener) {
        note_task(*listener, call.task, owner_rank::seen);
        if (!listener->is_listener()) mark_changed(*listener);
    }
    if (Connection* child = connection_of(event)) {
        child->listener = listener_id;
        add_to(*child, std::move(event));
    }
}

/// Events that the kernel makes on behalf of a request sock or of no socket at all: the tuple is all there is.
void Correlator::add_without_socket(Event event) {
    Connection* connection = by_flow(event);
    if (const auto* again = event.as<SynAckRetransmit>()) {
        const bool other_life = connection && !connection->live() && connection->peer_isn != again->received_isn;
        if (!connection || other_life) connection = start_embryonic(event, slot_of(event.witness, event.flow));
        if (!connection) return;
        if (Connection* listener = by_cookie(event)) connection->listener = listener->id;
        return add_to(*connection, std::move(event));
    }
    ResetSent& reset = *event.as<ResetSent>();
    if (reset.firewall_hook) {  // of a connection that is there, or about packets that this host forwards or does not let in
        if (connection && connection->live()) return add_to(*connection, std::move(event));
        return story_.add_unmatched(std::move(event));
    }
    infer_reason(reset, connection);
    const bool answers_syn = (reset.segment_flags & (tcp_flag::syn | tcp_flag::ack | tcp_flag::rst)) == tcp_flag::syn;
    if (answers_syn && (!connection || (!connection->live() && connection->peer_isn != reset.seq)) && event.flow.complete())
        connection = start_knock(event);
    if (connection)
        add_to(*connection, std::move(event));
    else
        story_.add_unmatched(std::move(event));
}

/// A socket may connect() again after an attempt failed: each attempt is a connection of its own.
void Correlator::split_second_attempt(const Event& event) {
    const StateChange* change = event.as<StateChange>();
    if (!change || change->from != TcpState::close || change->to != TcpState::syn_sent) return;
    Connection* before = by_cookie(event);
    if (!before || !before->has(sign::syn_sent) || before->live()) return;
    const ConnectionId before_id = before->id;
    const std::uint32_t socket_id = before->socket_id;
    Task owner = before->owner;
    const std::uint8_t rank = before->owner_rank;
    Connection* next = create(event);
    if (!next) return;
    next->cookie = event.cookie;
    next->socket_id = socket_id;
    next->owner = std::move(owner);
    next->owner_rank = rank;
    cookies_[{event.witness, event.cookie}] = next->id;
    if (socket_id) socket_ids_[{event.witness, socket_id}] = next->id;
    before = story_.connection(before_id);
    if (!before) return;  // forgotten to make room
    if (before->events.empty()) return;
    const Call* call = before->events.back().as<Call>();
    if (!call || call->op != Call::Op::connect || call->phase != Call::Phase::enter) return;
    Event enter = std::move(before->events.back());
    before->events.pop_back();
    add_to(*next, std::move(enter));
}

Story& Correlator::story() {
    // Judging may need what later ones in the list learnt (a listener), so first all facts, then the ends.
    for (const ConnectionId id : to_judge_)
        if (Connection* connection = story_.connection(id)) judge(*connection);
    for (const ConnectionId id : to_judge_)
        if (Connection* connection = story_.connection(id)) {
            join(*connection);
            connection->changed = false;
        }
    story_.changed(std::exchange(to_judge_, {}));
    story_.trim_unmatched(0, limits_.max_unmatched);
    return story_;
}

Story& Correlator::finish() {
    story_.ongoing = false;
    give_up_all_waiting(~std::uint64_t{0});
    place_messages();
    story();
    if (story_.recordings.size() > 1 || story_.witnesses.size() > 1) join_translated();
    return story();
}

Story correlate(const TraceInfo& info, std::vector<Event> events, Limits limits) {
    Correlator correlator(info, limits);
    for (Event& event : events) correlator.add(std::move(event));
    return std::move(correlator.finish());
}

}  // namespace tcpwitness
