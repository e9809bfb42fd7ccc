#include "live/probes.h"

#include "parsers/probe_names.h"

namespace tcpwitness {
namespace {

const std::vector<Probe> table = {
    {.number = TW_PROBE_STATE, .hook = Hook::btf_tracepoint, .target = "inet_sock_set_state",
     .programs = {"on_state"}, .arguments = {"sock", "int", "int"}, .essential = true,
     .shows = "every state transition of a full socket",
     .stand_in = "on_state_stand_in"},
    {.number = TW_PROBE_ERROR, .hook = Hook::btf_tracepoint, .target = "inet_sk_error_report",
     .programs = {"on_error"}, .arguments = {"sock"}, .essential = true,
     .shows = "an error (ETIMEDOUT, ECONNRESET, ...) that the stack hands to the application"},
    {.number = TW_PROBE_DESTROY, .hook = Hook::btf_tracepoint, .target = "tcp_destroy_sock",
     .programs = {"on_destroy"}, .arguments = {"sock"}, .essential = true,
     .shows = "the end of a socket, with its totals"},
    {.number = TW_PROBE_RESET_IN, .hook = Hook::btf_tracepoint, .target = "tcp_receive_reset",
     .programs = {"on_reset_in"}, .arguments = {"sock"}, .essential = true,
     .shows = "a RST that was accepted for a socket"},
    {.number = TW_PROBE_RESET_OUT, .hook = Hook::btf_tracepoint, .target = "tcp_send_reset",
     .programs = {"on_reset_out"}, .arguments = {"sock", "sk_buff"}, .essential = true,
     .shows = "a RST that this host's TCP sent, and the kernel's reason (kernel 6.10 and later)"},
    {.number = TW_PROBE_RETRANSMIT, .hook = Hook::btf_tracepoint, .target = "tcp_retransmit_skb",
     .programs = {"on_retransmit"}, .arguments = {"sock", "sk_buff"}, .essential = true,
     .shows = "a segment sent again: SYN, RTO, fast or tail loss probe"},
    {.number = TW_PROBE_SYNACK_RETRANSMIT, .hook = Hook::btf_tracepoint, .target = "tcp_retransmit_synack",
     .programs = {"on_synack_retransmit"}, .arguments = {"sock", "request_sock"}, .essential = true,
     .shows = "a SYN-ACK sent again for a half-open connection"},
    {.number = TW_PROBE_TIMER_ARMED, .hook = Hook::btf_tracepoint, .target = "timer_start",
     .programs = {"on_timer_armed"}, .arguments = {"timer_list"},
     .shows = "the retransmit timer set, in the handshake and while something is unacknowledged; the keepalive timer while probes stay unanswered"},
    {.number = TW_PROBE_TIMER_FIRED, .hook = Hook::btf_tracepoint, .target = "timer_expire_entry",
     .programs = {"on_timer_fired"}, .arguments = {"timer_list"},
     .shows = "the retransmit timer expired, and which one it was; the keepalive timer, when a probe is due"},
    {.number = TW_PROBE_CALL_ENTER, .hook = Hook::syscall_tracepoint, .target = "sys_enter",
     .programs = {"enter_bind", "enter_listen", "enter_connect", "enter_accept", "enter_accept4", "enter_shutdown"}, .essential = true,
     .shows = "the application's calls: when they began, with their arguments"},
    {.number = TW_PROBE_CALL_EXIT, .hook = Hook::syscall_tracepoint, .target = "sys_exit",
     .programs = {"exit_socket", "exit_bind", "exit_listen", "exit_connect", "exit_accept", "exit_accept4", "exit_shutdown"}, .essential = true,
     .shows = "the application's calls: how they ended, with the owner of the socket"},
    {.number = TW_PROBE_PROCESS_EXIT, .hook = Hook::btf_tracepoint, .target = "sched_process_exit",
     .programs = {"on_process_exit"}, .arguments = {"task_struct"}, .essential = true,
     .shows = "the end of a process that owned sockets, with its exit code or signal"},
    {.number = TW_PROBE_PACKET_IN, .hook = Hook::btf_tracepoint, .target = "netif_receive_skb",
     .programs = {"on_packet_in"}, .arguments = {"sk_buff"}, .essential = true,
     .shows = "SYN, FIN and RST as they arrive, with --segments all segments; headers only; ICMP errors about TCP, and echo requests"},
    {.number = TW_PROBE_PACKET_OUT, .hook = Hook::btf_tracepoint, .target = "net_dev_start_xmit",
     .programs = {"on_packet_out"}, .arguments = {"sk_buff", "net_device"}, .essential = true,
     .shows = "SYN, FIN and RST as they leave, with --segments all segments; headers only; ICMP errors about TCP, and echo requests"},
    {.number = TW_PROBE_SNAPSHOT_FILES, .hook = Hook::iterator, .target = "task_file",
     .programs = {"snapshot_files"},
     .shows = "sockets that existed before, with their owners, in every network namespace"},
    {.number = TW_PROBE_SNAPSHOT_TCP, .hook = Hook::iterator, .target = "tcp",
     .programs = {"snapshot_tcp"},
     .shows = "sockets that existed before and that no process has open"},
    {.number = TW_PROBE_DROP, .hook = Hook::btf_tracepoint, .target = "kfree_skb",
     .programs = {"on_drop"}, .arguments = {"sk_buff", "void", "enum skb_drop_reason"},
     .shows = "TCP segments, and ICMP errors about them, that the kernel threw away, and its reason (kernel 5.17 and later)"},
    {.number = TW_PROBE_ROUTE, .hook = Hook::btf_tracepoint, .target = "fib_table_lookup",
     .programs = {"on_route_lookup"}, .arguments = {"u32", "flowi4", "fib_nh_common", "int"},
     .shows = "IPv4 route lookups that failed for a connect() or a send; noted from the first one on",
     .on_demand = true},
    {.number = TW_PROBE_ROUTE6, .hook = Hook::btf_tracepoint, .target = "fib6_table_lookup",
     .programs = {"on_route6_lookup"}, .arguments = {"net", "fib6_result", "fib6_table", "flowi6"},
     .shows = "IPv6 route lookups that failed for a connect() or a send; noted from the first one on",
     .on_demand = true},
    {.number = TW_PROBE_NEIGHBOUR_ASKED, .hook = Hook::btf_tracepoint, .target = "neigh_event_send_done",
     .programs = {"on_neighbour_asked"}, .arguments = {"neighbour"},
     .shows = "a neighbour's link-layer address is asked for (ARP, neighbour discovery)"},
    {.number = TW_PROBE_NEIGHBOUR_FAILED, .hook = Hook::btf_tracepoint, .target = "neigh_timer_handler",
     .programs = {"on_neighbour_timer"}, .arguments = {"neighbour"},
     .shows = "a neighbour did not answer"},
    {.number = TW_PROBE_NEIGHBOUR_CHANGED, .hook = Hook::btf_tracepoint, .target = "neigh_update",
     .programs = {"on_neighbour_update"}, .arguments = {"neighbour", "u8", "u8", "u32"},
     .shows = "a neighbour has another link-layer address than before"},
    {.number = TW_PROBE_QUEUE, .hook = Hook::iterator, .target = "tcp",
     .programs = {"look_at_queues"},
     .shows = "accept queues, unread data and closed windows, looked at about once a second"},
    {.number = TW_PROBE_OPTION, .hook = Hook::syscall_tracepoint, .target = "sys_exit",
     .programs = {"exit_setsockopt", "exit_getsockopt"},
     .shows = "socket options that change how TCP behaves, as the application sets them; an error that it is told by SO_ERROR"},
    {.number = TW_PROBE_SAMPLE, .hook = Hook::iterator, .target = "tcp",
     .programs = {"sample_tcp"},
     .shows = "every connection's round trip time, windows and totals, every N seconds (record --sample N)"},
    {.number = TW_PROBE_NF_RESET, .hook = Hook::function, .target = "nf_send_reset,nf_send_reset6",
     .programs = {"on_firewall_reset", "on_firewall_reset6"}, .arguments = {"net", "sock", "sk_buff", "int"},
     .shows = "a RST that this host's packet filter made (reject with tcp reset), and at which hook",
     .modules = {"nf_reject_ipv4", "nf_reject_ipv6"}, .optional = true},
    {.number = TW_PROBE_RESET_ANSWER, .hook = Hook::function, .target = "tcp_v4_send_reset,tcp_v6_send_reset",
     .programs = {"on_answer_reset", "on_answer_reset6"}, .arguments = {"sock", "sk_buff"},
     .shows = "a RST for want of a socket, which kernels before 6.10 do not tell with the others",
     .optional = true},
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
