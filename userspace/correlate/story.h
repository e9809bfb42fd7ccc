// Everything that correlation made of one or more traces: what rules read and outputs print.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "correlate/connection.h"
#include "correlate/connection_index.h"
#include "model/trace.h"

namespace tcpwitness {

/// What a witness could have told: what passed on its wire, or what its sockets and processes did.
enum class Evidence : std::uint8_t { packets, sockets };

/// Why a witness's silence about a time is no evidence.
enum class Blind : std::uint8_t {
    no,       ///< it is: the witness was recorded then, and nothing was lost
    lost,     ///< records were lost then, or only counted
    outside,  ///< the recording does not cover the time
    clock,    ///< nobody can tell: its clock could not be compared
};

struct Story {
    std::vector<Recording> recordings;        ///< one, or those of a case
    std::vector<Witness> witnesses;
    std::vector<Interface> interfaces;
    std::uint64_t boot_to_wall_ns = 0;        ///< wall = common + this
    std::vector<Connection> connections;      ///< ascending by id; look up with connection(id), ids may have holes once some are forgotten
    std::vector<Conversation> conversations;  ///< ascending by id
    std::vector<Event> process_exits;         ///< exits of processes that owned sockets
    std::vector<Event> neighbours;            ///< what became of link-layer addresses
    std::vector<Event> gaps;                  ///< evidence gaps
    std::vector<Event> repeats;               ///< what came so often that it was counted instead of recorded
    std::vector<Event> environment;           ///< the host's configuration: as found, and its changes
    std::vector<Event> unmatched;             ///< events of no connection: forwarded packets, a RST for a segment without socket, ...
    std::uint64_t begin_ns = 0, end_ns = 0;   ///< common clock, from the first recording's beginning to the last one's end
    bool ongoing = false;                     ///< the recording still runs: what is unanswered may yet be answered

    const Connection* connection(ConnectionId id) const;
    Connection* connection(ConnectionId id);
    const Conversation* conversation(ConversationId id) const;
    /// The other end of the session, when this story holds it.
    const Connection* other_end(const Connection&) const;
    /// Those with one of these signs or traits at least, ascending by id. What a healthy open connection has (healthy) is none that can be asked for.
    ConnectionsWith with(std::uint64_t any_of) const { return {*this, index_.listed(*this), any_of}; }
    std::size_t in_trouble_or_over() const { return index_.listed(*this).size(); }
    /// Those whose tuple is this one, seen from their own end; whichever witness they are of.
    std::vector<const Connection*> with_flow(const Flow&) const;
    std::vector<const Connection*> with_peer(WitnessId, const Address&) const;
    std::vector<const Connection*> at_port(WitnessId, std::uint16_t) const;  ///< their own; listeners too
    std::vector<const Connection*> come_to(const Connection& listener) const;  ///< that is known as their listener
    std::vector<const Connection*> served_by(WitnessId, std::uint32_t pid) const;  ///< whose server is this process; 0: not known which
    std::vector<const Connection*> called_by(WitnessId, std::uint32_t pid, std::uint16_t peer_port, Address::Family) const;  ///< whose client it is, by what it asked
    /// The witnesses of which a connection has this address as its own.
    std::vector<WitnessId> witnesses_of(const Address& address) const { return index_.witnesses_of(*this, address); }
    /// Whoever changes connections says so, unless nobody has asked yet.
    void changed(std::vector<ConnectionId> ids) { index_.retake(*this, std::move(ids)); }
    void forgotten(const std::unordered_set<ConnectionId>& ids) { index_.forget(ids); }

    /// Whether the witness's silence about [from, to], times that `asking` saw, means that nothing was there to be seen. Records lost
    /// within `around_ns` of it count too.
    Blind blind(WitnessId, Evidence, WitnessId asking, std::uint64_t from_ns, std::uint64_t to_ns, std::uint64_t around_ns = 0) const;
    /// What one of the witness's recordings is or has; false for a witness that none knows.
    template <typename Wanted> bool any_recording(WitnessId witness, Wanted wanted) const {
        if (witness >= witnesses.size()) return false;
        for (const RecordingId id : witnesses[witness].recordings)
            if (id < recordings.size() && wanted(recordings[id])) return true;
        return false;
    }
    /// Where most about the witness stands: its trace. Never fails while there is a recording.
    const Recording& recording_of(WitnessId) const;
    /// How far times of the two may be apart when they show the same; 0 within one recording or one host.
    std::uint64_t uncertainty_ns(WitnessId, WitnessId) const;
    /// Namespaces of one host: pids mean the same there.
    bool same_host(WitnessId, WitnessId) const;

    /// Takes over what a recording says about itself; with it the story has that recording only.
    void describe(const TraceInfo&);

    /// Packets of this flow, in either direction, that belong to no connection: what a host on the path forwarded or made.
    std::vector<const Event*> unmatched_packets(const Flow&) const;
    /// The same with drops of such packets and ICMP errors about them.
    std::vector<const Event*> unmatched_events(const Flow&) const;
    /// SYNs with this sequence number that belong to no connection, whatever their tuple: a device may have rewritten it.
    std::vector<const Event*> unmatched_syns(std::uint32_t seq) const;
    void add_unmatched(Event);
    /// Drops unmatched events from before `time_ns`, and beyond the newest `keep`.
    void trim_unmatched(std::uint64_t time_ns, std::size_t keep);
    /// Drops all events from outside [from, to], both included; a loss that reaches into it stays. Connections keep their own times.
    void keep_only(std::uint64_t from_ns, std::uint64_t to_ns);

private:
    template <typename Fits> std::vector<const Connection*> looked_up(By, std::uint64_t key, Fits) const;

    std::unordered_multimap<Flow, std::size_t, FlowHash> unmatched_by_flow_;  ///< direction-less flow -> place in unmatched
    std::unordered_multimap<std::uint32_t, std::size_t> unmatched_syns_;  ///< sequence number -> place; of a story of several recordings or namespaces
    std::size_t unmatched_trimmed_ = 0;  ///< how many were dropped from the front; places count from the very first
    mutable ConnectionIndex index_;
};

}  // namespace tcpwitness
