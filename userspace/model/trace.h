// What a source yields besides events: who saw them, with which clock, and what is missing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <string_view>
#include <vector>

#include "model/clock.h"
#include "model/event.h"

namespace tcpwitness {

/// Index of a recording in Story::recordings.
using RecordingId = std::uint32_t;

/// One vantage point: a network namespace of one host.
struct Witness {
    std::string host;         ///< host name
    std::string name;         ///< of the namespace ("edge"), else "netns 4026531840"; the host's own: the host name
    std::uint32_t netns = 0;  ///< inode number
    std::map<std::string, std::string> sysctls;  ///< "net.ipv4.tcp_syn_retries" -> "6", as far as the trace holds them
    std::vector<RecordingId> recordings = {0};   ///< that hold what it saw: mostly one; a trace and a capture of one host are two
    std::vector<Address> addresses;              ///< its own, as the user says (--witness); empty = to be found out
    bool on_path = false;                        ///< a capture from between the ends: none of the addresses in it is its own
};

/// A network device of a witness.
struct Interface {
    WitnessId witness = 0;
    std::string name;
    std::uint32_t index = 0;
};

/// What the collector says about one probe.
struct ProbeStatus {
    std::string name;    ///< "state", "reset_sent", ...
    std::string hook;    ///< "tp_btf/inet_sock_set_state"
    std::string status;  ///< "attached", "fallback: why", "unavailable: why", "optional: why" (an extra that is not there)
    std::uint64_t events = 0, lost = 0;
    bool attached() const { return status == "attached" || status.starts_with("fallback"); }
    bool missed() const { return !attached() && !status.starts_with("optional"); }
};

/// What a capture and the trace of the same host have in common.
struct PacketOverlap {
    std::uint64_t sessions = 0;                 ///< of the capture whose socket the trace knows
    std::uint64_t sessions_without_socket = 0;  ///< of the capture
    std::uint64_t packets = 0;                  ///< that both hold
    std::uint64_t only_captured = 0;            ///< of sessions with a socket: the trace lacks them
    std::uint64_t only_traced = 0;              ///< while the capture ran: it lacks them
    std::uint64_t without_socket = 0;           ///< captured while the trace was made, and no socket had their tuple then
    std::uint64_t events_without_packet = 0;    ///< of sockets, that must have had one, while the capture ran
};

/// A time of an hour and more without a single packet: captures that were merged, or a capture that stood still. What happened then is not known.
struct Pause {
    std::uint64_t from_ns = 0, to_ns = 0;
};

/// What one file, or one live recording, says about itself.
///
/// Which kinds of evidence it holds is told by `probes`: what comes of no probe that is listed and not attached can be expected in it. A
/// source that is no trace of ours lists what it lacks: see packets_only().
struct Recording {
    std::string file;                            ///< as it was named; empty live
    std::string tool, host, kernel, boot_id, command;
    std::uint64_t boot_to_wall_ns = 0;           ///< wall = boot + this, at the start of the recording
    std::uint64_t started_ns = 0, ended_ns = 0;  ///< boot clock; ended 0: the trace was cut off
    std::vector<ProbeStatus> probes;
    std::map<std::string, std::string> meta;     ///< every other key the recorder wrote
    std::map<std::uint64_t, std::string> cgroups;  ///< control groups of tasks: cgroup v2 id to path
    bool cut_off = false;                        ///< no closing record: killed, or the file is truncated
    std::string cut_note;                        ///< how a truncated file ends ("the last block is incomplete"); empty = the file is whole
    std::vector<std::string> damage;             ///< parts of the file that could not be read and were passed over, with their place
    std::uint64_t records = 0;                   ///< of a trace: those that the recorder counts, packets too; each makes one event or two
    std::vector<std::string> copies;             ///< other files that hold the same recording, a sentence each: counted once
    std::uint64_t unknown_records = 0;           ///< records of a newer tcpwitness that this one skipped
    std::uint64_t foreign_packets = 0;           ///< packets in the file that no probe of ours saw, or that are not TCP; skipped
    std::vector<std::pair<std::string, std::uint64_t>> undecoded;  ///< of a capture: packets that may carry TCP where it cannot be seen ("encrypted ESP packets"), and how many
    std::vector<Pause> pauses;                   ///< of a capture, by its own times and in their order
    std::uint64_t sessions_not_listed = 0;       ///< of a capture: only counted, because they are too many
    std::optional<PacketOverlap> overlap;        ///< a capture beside a trace of its host
    Clock clock;                                 ///< from its own times to the story's
    std::uint64_t begin_ns = 0, end_ns = 0;      ///< what it covers, by the story's clock; the correlator's

    std::vector<Address> addresses_of(const Witness&) const;  ///< that the recorder found in its namespace; empty: not told
    std::uint64_t own_wall_ns(std::uint64_t common_ns) const { return clock.own_ns(common_ns) + boot_to_wall_ns; }  ///< what its host showed then
    bool tells(std::string_view probe) const;    ///< none of the probes with this word in their name is missing
    bool probe_attached(std::string_view name) const;  ///< this very probe is listed, and attached
    bool capture() const { return meta.contains("capture.packets"); }
    bool packets_seen() const { return tells("packet"); }
    bool all_segments() const { return meta.contains("segments"); }  ///< not only those that open and close connections
    bool cut_short() const { return cut_off || !cut_note.empty(); }
};

/// Makes it a recording that holds packets, all segments of them, and nothing of sockets: a capture.
void packets_only(Recording&);

/// Everything about a recording that is not an event.
struct TraceInfo : Recording {
    std::vector<Witness> witnesses;
    std::vector<Interface> interfaces;
};

/// A whole recording.
struct Trace {
    TraceInfo info;
    std::vector<Event> events;  ///< in time order, ids from 1
};

}  // namespace tcpwitness
