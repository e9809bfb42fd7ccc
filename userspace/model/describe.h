// An event's own description of itself. Outputs print fields and sentences without knowing any kind, so a new kind shows up in all of
// them at once.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "model/event.h"

namespace tcpwitness {

/// Where in the stack an event happened.
enum class Layer : std::uint8_t { app, tcp, wire, host, trace };
const char* name(Layer);
Layer layer(const Event&);

/// One fact of an event. `name` is stable (JSON key, documented in docs/json.md) and carries its unit ("timeout_ms").
struct Field {
    const char* name;
    std::variant<bool, std::int64_t, std::uint64_t, std::string> value;
};

/// Every fact of the event's body, in reading order.
std::vector<Field> fields(const Event&);

/// What happened, in the kernel's words and with the numbers: "retransmit 2 of SYN seq 3269462193, rto 1000 ms".
std::string sentence(const Event&);

/// "sipd[4711]", "sipd[4711/4713]" for a thread that is not the first; empty when the task is not known. Safe to print.
std::string task_text(const Task&);

/// What the process that holds the socket was doing: "sipd[4711], 3 threads, is stopped (T)"; empty when nobody looked. Safe to print.
std::string process_text(const Queue&);

/// True for what an engineer looks for first: retransmits, timers that fired, errors, resets, gaps, failed calls.
bool noteworthy(const Event&);

/// "02:00:00:00:00:01"
std::string mac_text(const std::array<std::uint8_t, 6>&);

/// What a segment is in the course of its session, as a capture's analysis tells it: "retransmission (RTO), in vain: it had arrived". Empty: nothing special.
std::string marks_text(const Segment&);

}  // namespace tcpwitness
