// What a source yields besides events: who saw them, with which clock, and what is missing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/event.h"

namespace tcpwitness {

/// One vantage point: a network namespace of one host.
struct Witness {
    std::string host;         ///< host name
    std::string name;         ///< of the namespace ("edge"), else "netns 4026531840"; the host's own: the host name
    std::uint32_t netns = 0;  ///< inode number
    std::map<std::string, std::string> sysctls;  ///< "net.ipv4.tcp_syn_retries" -> "6", as far as the trace holds them
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

/// Everything about a recording that is not an event.
struct TraceInfo {
    std::string tool, host, kernel, boot_id, command;
    std::uint64_t boot_to_wall_ns = 0;           ///< wall = boot + this, at the start of the recording
    std::uint64_t started_ns = 0, ended_ns = 0;  ///< boot clock; ended 0: the trace was cut off
    std::vector<Witness> witnesses;
    std::vector<Interface> interfaces;
    std::vector<ProbeStatus> probes;
    std::map<std::string, std::string> meta;     ///< every other key the recorder wrote
    bool cut_off = false;                        ///< no closing record: killed, or the file is truncated
    std::string cut_note;                        ///< how a truncated file ends ("the last block is incomplete"); empty = the file is whole
    std::uint64_t unknown_records = 0;           ///< records of a newer tcpwitness that this one skipped
    std::uint64_t foreign_packets = 0;           ///< packets in the file that no probe of ours saw, or that are not TCP; skipped
};

/// A whole recording.
struct Trace {
    TraceInfo info;
    std::vector<Event> events;  ///< in time order, ids from 1
};

}  // namespace tcpwitness
