#include "parsers/probe_names.h"

#include <iterator>

#include "bpf/records.h"

namespace tcpwitness {

const char* probe_name(std::uint32_t number) {
    static constexpr const char* names[] = {
        "state",       "error",       "destroy",    "reset_received", "reset_sent",   "retransmit", "synack_retransmit", "timer_armed",
        "timer_fired", "call_enter",  "call_exit",  "process_exit",   "packet_in",    "packet_out", "snapshot_files",    "snapshot_tcp",
        "collector",
    };
    static_assert(std::size(names) == TW_PROBE_COLLECTOR + 1);
    switch (number) {
        case TW_PROBE_DROP: return "drop";
        case TW_PROBE_NEIGHBOUR_ASKED: return "neighbour_asked";
        case TW_PROBE_NEIGHBOUR_CHANGED: return "neighbour_changed";
        case TW_PROBE_ROUTE: return "route";
        case TW_PROBE_NEIGHBOUR_FAILED: return "neighbour_failed";
        case TW_PROBE_ROUTE6: return "route6";
        case TW_PROBE_QUEUE: return "queue";
        case TW_PROBE_OPTION: return "option";
        case TW_PROBE_SAMPLE: return "sample";
        case TW_PROBE_NF_RESET: return "firewall_reset";
        case TW_PROBE_RESET_ANSWER: return "answer_reset";
        default: return number < std::size(names) ? names[number] : "unknown";
    }
}

}  // namespace tcpwitness
