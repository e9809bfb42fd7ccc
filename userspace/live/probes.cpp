#include "live/probes.h"

#include "parsers/probe_names.h"

namespace tcpwitness {
namespace {

const std::vector<Probe> table = {
    {TW_PROBE_STATE, Hook::btf_tracepoint, "inet_sock_set_state", {"on_state"}, {"sock", "int", "int"}, true,
     "every state transition of a full socket", {}, false, "on_state_stand_in"},
    {TW_PROBE_ERROR, Hook::btf_tracepoint, "inet_sk_error_report", {"on_error"}, {"sock"}, true,
     "an error (ETIMEDOUT, ECONNRESET, ...) that the stack hands to the application"},
    {TW_PROBE_DESTROY, Hook::btf_tracepoint, "tcp_destroy_sock", {"on_destroy"}, {"sock"}, true,
     "the end of a socket, with its totals"},
    {TW_PROBE_RESET_IN, Hook::btf_tracepoint, "tcp_receive_reset", {"on_reset_in"}, {"sock"}, true,
     "a RST that was accepted for a socket"},
    {TW_PROBE_RESET_OUT, Hook::btf_tracepoint, "tcp_send_reset", {"on_reset_out"}, {"sock", "sk_buff"}, true,
     "a RST that this host's TCP sent, and the kernel's reason (kernel 6.10 and later)"},
    {TW_PROBE_RETRANSMIT, Hook::btf_tracepoint, "tcp_retransmit_skb", {"on_retransmit"}, {"sock", "sk_buff"}, true,
     "a segment sent again: SYN, RTO, fast or tail loss probe"},
    {TW_PROBE_SYNACK_RETRANSMIT, Hook::btf_tracepoint, "tcp_retransmit_synack", {"on_synack_retransmit"},
     {"sock", "request_sock"}, true, "a SYN-ACK sent again for a half-open connection"},
    {TW_PROBE_TIMER_ARMED, Hook::btf_tracepoint, "timer_start", {"on_timer_armed"}, {"timer_list"}, false,
     "the retransmit timer set, in the handshake and while something is unacknowledged; the keepalive timer while probes stay unanswered"},
    {TW_PROBE_TIMER_FIRED, Hook::btf_tracepoint, "timer_expire_entry", {"on_timer_fired"}, {"timer_list"}, false,
     "the retransmit timer expired, and which one it was; the keepalive timer, when a probe is due"},
    {TW_PROBE_CALL_ENTER, Hook::syscall_tracepoint, "sys_enter",
     {"enter_bind", "enter_listen", "enter_connect", "enter_accept", "enter_accept4", "enter_shutdown"}, {}, true,
     "the application's calls: when they began, with their arguments"},
    {TW_PROBE_CALL_EXIT, Hook::syscall_tracepoint, "sys_exit",
     {"exit_socket", "exit_bind", "exit_listen", "exit_connect", "exit_accept", "exit_accept4", "exit_shutdown"}, {}, true,
     "the application's calls: how they ended, with the owner of the socket"},
    {TW_PROBE_PROCESS_EXIT, Hook::btf_tracepoint, "sched_process_exit", {"on_process_exit"}, {"task_struct"}, true,
     "the end of a process that owned sockets, with its exit code or signal"},
    {TW_PROBE_PACKET_IN, Hook::btf_tracepoint, "netif_receive_skb", {"on_packet_in"}, {"sk_buff"}, true,
     "SYN, FIN and RST as they arrive, with --segments all segments; headers only; ICMP errors about TCP, and echo requests"},
    {TW_PROBE_PACKET_OUT, Hook::btf_tracepoint, "net_dev_start_xmit", {"on_packet_out"}, {"sk_buff", "net_device"}, true,
     "SYN, FIN and RST as they leave, with --segments all segments; headers only; ICMP errors about TCP, and echo requests"},
    {TW_PROBE_SNAPSHOT_FILES, Hook::iterator, "task_file", {"snapshot_files"}, {}, false,
     "sockets that existed before, with their owners, in every network namespace"},
    {TW_PROBE_SNAPSHOT_TCP, Hook::iterator, "tcp", {"snapshot_tcp"}, {}, false,
     "sockets that existed before and that no process has open"},
    {TW_PROBE_DROP, Hook::btf_tracepoint, "kfree_skb", {"on_drop"}, {"sk_buff", "void", "enum skb_drop_reason"}, false,
     "TCP segments, and ICMP errors about them, that the kernel threw away, and its reason (kernel 5.17 and later)"},
    {TW_PROBE_ROUTE, Hook::btf_tracepoint, "fib_table_lookup", {"on_route_lookup"}, {"u32", "flowi4", "fib_nh_common", "int"}, false,
     "IPv4 route lookups that failed for a connect() or a send; noted from the first one on", {}, false, nullptr, true},
    {TW_PROBE_ROUTE6, Hook::btf_tracepoint, "fib6_table_lookup", {"on_route6_lookup"}, {"net", "fib6_result", "fib6_table", "flowi6"}, false,
     "IPv6 route lookups that failed for a connect() or a send; noted from the first one on", {}, false, nullptr, true},
    {TW_PROBE_NEIGHBOUR_ASKED, Hook::btf_tracepoint, "neigh_event_send_done", {"on_neighbour_asked"}, {"neighbour"}, false,
     "a neighbour's link-layer address is asked for (ARP, neighbour discovery)"},
    {TW_PROBE_NEIGHBOUR_FAILED, Hook::btf_tracepoint, "neigh_timer_handler", {"on_neighbour_timer"}, {"neighbour"}, false,
     "a neighbour did not answer"},
    {TW_PROBE_NEIGHBOUR_CHANGED, Hook::btf_tracepoint, "neigh_update", {"on_neighbour_update"}, {"neighbour", "u8", "u8", "u32"}, false,
     "a neighbour has another link-layer address than before"},
    {TW_PROBE_QUEUE, Hook::iterator, "tcp", {"look_at_queues"}, {}, false,
     "accept queues, unread data and closed windows, looked at about once a second"},
    {TW_PROBE_OPTION, Hook::syscall_tracepoint, "sys_exit", {"exit_setsockopt"}, {}, false,
     "socket options that change how TCP behaves, as the application sets them"},
    {TW_PROBE_SAMPLE, Hook::iterator, "tcp", {"sample_tcp"}, {}, false,
     "every connection's round trip time, windows and totals, every N seconds (record --sample N)"},
    {TW_PROBE_NF_RESET, Hook::function, "nf_send_reset,nf_send_reset6", {"on_firewall_reset", "on_firewall_reset6"},
     {"net", "sock", "sk_buff", "int"}, false, "a RST that this host's packet filter made (reject with tcp reset), and at which hook",
     {"nf_reject_ipv4", "nf_reject_ipv6"}, true},
    {TW_PROBE_RESET_ANSWER, Hook::function, "tcp_v4_send_reset,tcp_v6_send_reset", {"on_answer_reset", "on_answer_reset6"},
     {"sock", "sk_buff"}, false, "a RST for want of a socket, which kernels before 6.10 do not tell with the others", {}, true},
};

}  // namespace

std::span<const Probe> probes() { return table; }

const Probe* probe(tw_probe number) {
    for (const Probe& row : table)
        if (row.number == number) return &row;
    return nullptr;
}

const char* name(const Probe& row) { return probe_name(row.number); }

std::string hook_text(const Probe& row) {
    if (row.hook == Hook::btf_tracepoint) return std::string("tp_btf/") + row.target;
    if (row.hook == Hook::function) return std::string("fentry/") + row.target;
    if (row.hook == Hook::iterator) return std::string("iter/") + row.target;
    std::string text = std::string("tracepoint/syscalls/") + row.target + "_{";
    for (const char* program : row.programs) {
        const std::string name = program;
        if (text.back() != '{') text += ',';
        text += name.substr(name.find('_') + 1);
    }
    return text + "}";
}

}  // namespace tcpwitness
