// The one form that everything above the sources works on: a record of ours, a packet, or a line of a foreign trace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/address.h"

namespace tcpwitness {

/// Index of a witness (a network namespace of a host) in Story::witnesses.
using WitnessId = std::uint32_t;

/// A thread, as the kernel names it. pid 0 = not known.
struct Task {
    std::uint32_t pid = 0;  ///< thread group, initial pid namespace
    std::uint32_t tid = 0;
    std::uint64_t cgroup = 0;  ///< cgroup v2 id; 0 = not known
    std::string comm;

    bool known() const { return pid != 0; }
    bool operator==(const Task&) const = default;
};

/// TCP states by the kernel's numbers.
enum class TcpState : std::uint8_t {
    none = 0, established = 1, syn_sent, syn_recv, fin_wait1, fin_wait2, time_wait,
    close, close_wait, last_ack, listen, closing, new_syn_recv,
};
const char* name(TcpState);  ///< "SYN_SENT"; "?" for a number that no kernel has

/// TCP header flags.
namespace tcp_flag {
inline constexpr std::uint8_t fin = 1, syn = 2, rst = 4, psh = 8, ack = 16, urg = 32;
}

/// What sender and receiver knew at that moment (bpf/records.h: tw_tcp). Sequence numbers are raw.
struct TcpNumbers {
    std::uint32_t snd_una = 0, snd_nxt = 0, write_seq = 0, rcv_nxt = 0, copied_seq = 0;
    std::uint32_t srtt_us = 0, rto_us = 0, snd_cwnd = 0;
    std::uint32_t recv_idle_ms = 0, send_idle_ms = 0;
    std::uint8_t ca_state = 0, retransmits = 0, backoff = 0, probes_out = 0, pending = 0, shutdown = 0;
    bool closed_by_application = false;  ///< SOCK_DEAD: no process has it open any more
    bool told = true;                    ///< false: another system's trace tells none of these, but those that the event's sentence names

    TcpState state = TcpState::none;     ///< in which these were: of a closed socket the one before, once the connection is known
    bool disconnected = false;           ///< tcp_disconnect() has moved write_seq ahead by a whole window

    /// Bytes: SYN and FIN, which have a sequence number too, are not among them. A distance that runs backwards comes from a socket that is not
    /// set up, and is 0.
    std::uint32_t unacknowledged() const;  ///< written, not acknowledged
    std::uint32_t unread() const;          ///< received, not read by the application
};

/// States in which a SYN or FIN of this end is not acknowledged, and those that only a FIN of the peer leads to.
bool control_outstanding(TcpState);
bool fin_received(TcpState);

/// A call of the application. One call is two events: enter, then exit.
struct Call {
    enum class Op : std::uint8_t { socket = 1, bind, listen, connect, accept, shutdown };
    enum class Phase : std::uint8_t { enter, exit };
    Op op{};
    Phase phase{};
    Task task;
    std::int32_t fd = -1;        ///< the fd the call names; on exit of socket and accept the new one
    std::int32_t argument = 0;   ///< listen: backlog; shutdown: how; accept: failed calls of the thread before it that were not recorded
    std::int32_t ret = 0;        ///< exit only: >= 0, or -errno
    std::uint64_t took_ns = 0;   ///< exit only; 0: not known, the call began before the recording
    bool nonblocking = false;
    bool unfinished = false;     ///< the recording ended inside the call; there is no exit event
    std::uint64_t listener_cookie = 0;     ///< accept
    std::uint32_t listener_socket_id = 0;  ///< accept
    std::string status;          ///< exit only: the result in the words of another system ("STATUS_IO_TIMEOUT"); empty on Linux
};
const char* name(Call::Op);

struct StateChange {
    TcpState from{}, to{};
    std::uint32_t pid = 0, tid = 0;   ///< current task; the caller for CLOSE -> SYN_SENT and CLOSE -> LISTEN
    std::uint32_t backlog = 0;        ///< to LISTEN: accept queue limit
    std::optional<std::uint32_t> isn; ///< to SYN_SENT: of the SYN, where the stack's own log tells it
    std::uint16_t soft_error = 0;     ///< to CLOSE: positive errno, of an error (ICMP) that had not ended it and that nobody had asked for
};

struct Timer {
    enum class Which : std::uint8_t { none = 0, rto = 1, zero_window_probe = 3, loss_probe = 5, reordering = 6, keepalive = 32 };
    enum class What : std::uint8_t { armed = 1, fired = 2 };
    What what{};
    Which which{};
    std::uint32_t timeout_ms = 0;
    std::uint32_t snd_una = 0, srtt_us = 0, rto_us = 0;
    std::uint8_t retransmits = 0;  ///< rounds before this one; zero_window_probe and keepalive: probes unanswered so far
    std::uint8_t backoff = 0;
};

struct Retransmit {
    enum class What : std::uint8_t { syn = 1, rto = 2, fast = 3, loss_probe = 4, syn_ack = 5 };
    What what{};
    TcpNumbers tcp;
    std::uint32_t seq = 0, end_seq = 0;
    std::int32_t error = 0;  ///< 0 or -errno: the resend itself failed
    std::uint32_t bytes() const;  ///< of data: without SYN and FIN
};

/// A SYN-ACK sent again for a connection that has no socket yet.
struct SynAckRetransmit {
    std::uint32_t sent_isn = 0, received_isn = 0;  ///< received 0: not told
    std::uint32_t timeout_ms = 0;
    std::uint8_t retransmits = 0, timeouts = 0;
};

/// sk_err was set and reported to the application.
struct SocketError {
    TcpNumbers tcp;
    std::int32_t error = 0;  ///< positive errno
    std::uint32_t user_timeout_ms = 0;  ///< TCP_USER_TIMEOUT of the socket; 0 = not set
    std::string status;                 ///< as Call::status
    Task task;                          ///< who set it, of ECONNABORTED: SOCK_DESTROY comes from any process
};

struct ResetReceived {
    TcpNumbers tcp;
};

struct ResetSent {
    TcpNumbers tcp;
    /// What made the socket reset of its own accord.
    enum class By : std::uint8_t {
        unknown = 0,
        close,         ///< its process closed it, or exited
        listener,      ///< nobody had accepted it, and its listener went
        connect,       ///< connect() with AF_UNSPEC
        sock_destroy,  ///< SOCK_DESTROY (`ss -K`): `task` need not be one that has the socket open
        kernel,        ///< the stack itself, in a timer or for want of memory
    };
    By by{};
    Task task;                       ///< caller, where the reset was made in process context
    std::string reason;              ///< the kernel's own name without prefix ("TCP_ABORT_ON_CLOSE"); empty = not told
    bool inferred = false;           ///< reason was concluded from what the socket went through
    bool answers_segment = false;    ///< sent in answer to an incoming segment
    bool has_socket = false;         ///< a full socket sent it
    std::uint32_t seq = 0, ack = 0;  ///< of the segment answered
    std::uint8_t segment_flags = 0;  ///< of the segment answered
    std::optional<std::uint8_t> firewall_hook;  ///< a packet filter's reject made it, at this netfilter hook; TCP knows nothing of it
    bool linger_told = false;        ///< whether SO_LINGER was on is known:
    std::optional<std::uint32_t> linger_s;  ///< SO_LINGER's time, where it was on
    std::uint64_t listener_cookie = 0;  ///< a listening socket answered a segment of a connection that it does not have
    const char* firewall_hook_name() const;     ///< "input", "forward", ...; "" when it was not a packet filter
};
const char* name(ResetSent::By);  ///< "sock_destroy"; "unknown"

struct Destroy {
    std::uint64_t bytes_acked = 0, bytes_received = 0;
    std::uint32_t segs_out = 0, segs_in = 0, total_retrans = 0, srtt_us = 0;
    std::uint32_t rttvar_us = 0, snd_cwnd = 0;
    std::uint32_t busy_ms = 0;            ///< how long something was unacknowledged or unsent; of that:
    std::uint32_t rwnd_limited_ms = 0;    ///< the peer's window held it back
    std::uint32_t sndbuf_limited_ms = 0;  ///< the send buffer was too small
    bool totals_told = true;              ///< false: that it went is all that is known
};

struct ProcessExit {
    Task task;
    std::int32_t code = 0;  ///< wait(2) status: signal in the low 7 bits, exit status << 8
    bool out_of_memory = false;  ///< the kernel's OOM killer chose it
    int signal() const { return code & 0x7f; }
    int status() const { return (code >> 8) & 0xff; }
};

/// What a segment is in the course of its session, as a capture's analysis tells it.
namespace segment_mark {
inline constexpr std::uint32_t
    rto = 1u << 0,            ///< sent again after the retransmission timeout
    fast = 1u << 1,           ///< sent again after duplicate ACKs or SACK told that it was missing
    loss_probe = 1u << 2,     ///< sent again to draw out an ACK (TLP-like)
    spurious = 1u << 3,       ///< sent again although it had been acknowledged already
    out_of_order = 1u << 4,   ///< late, and not sent again
    lost_before = 1u << 5,    ///< what should have come before it was never captured
    duplicate_ack = 1u << 6, zero_window = 1u << 7, window_probe = 1u << 8, keepalive = 1u << 9, keepalive_ack = 1u << 10,
    too_big = 1u << 11,       ///< sent again because an ICMP error told that it was too big for the path
    retransmission = rto | fast | loss_probe | spurious | too_big;
}

/// A TCP segment on the wire. Event::flow has the host's own end as local.
struct Segment {
    bool outgoing = false;
    std::uint8_t flags = 0;
    std::uint32_t seq = 0, ack = 0;  ///< raw
    std::uint16_t window = 0;        ///< unscaled
    std::uint32_t payload = 0;       ///< bytes
    std::uint8_t ttl = 0;            ///< or hop limit
    std::uint16_t ip_id = 0;         ///< IPv4 only
    bool dont_fragment = false;
    bool has_timestamps = false;
    std::uint32_t tsval = 0, tsecr = 0;
    std::uint16_t mss = 0;           ///< of a SYN; 0 = no option
    std::int8_t window_scale = -1;   ///< of a SYN; -1 = no option
    std::uint32_t options_length = 0;
    std::array<std::uint8_t, 6> source_mac{}, destination_mac{};
    bool has_mac = false;            ///< source_mac is told
    bool has_destination_mac = false;
    std::uint32_t interface = 0;     ///< index in Trace::interfaces
    std::uint64_t frame = 0;         ///< 1-based packet number in its file; 0 live
    std::uint64_t packet_id = 0;     ///< epb_packetid of its file; 0 = none
    std::uint32_t recording = 0;     ///< whose frame it is: index in Story::recordings
    std::uint32_t marks = 0;         ///< segment_mark::, what the sender's state makes of it; packets of captures only

    bool is(std::uint8_t wanted, std::uint8_t mask = 0x17) const { return (flags & mask) == wanted; }
    bool syn() const { return is(tcp_flag::syn, tcp_flag::syn | tcp_flag::ack | tcp_flag::rst); }
    bool syn_ack() const { return is(tcp_flag::syn | tcp_flag::ack, tcp_flag::syn | tcp_flag::ack | tcp_flag::rst); }
    bool rst() const { return flags & tcp_flag::rst; }
    bool fin() const { return flags & tcp_flag::fin; }
};

/// A socket that existed before the recording began.
struct Snapshot {
    TcpNumbers tcp;
    Task task;             ///< an owner; not known for a socket that no process has open
    std::int32_t fd = -1;
    std::uint32_t accept_queue = 0, accept_max = 0;  ///< LISTEN only
};

/// A socket's queues, looked at about once a second while something waits in them (bpf/records.h: tw_queue).
struct Queue {
    enum class What : std::uint8_t { listener = 1, receive, send, counters };
    What what{};
    std::uint64_t since_ns = 0;    ///< boot clock: of the first look in a row that found it so
    bool over = false;             ///< what was told before is over
    bool window_closed = false;    ///< receive: the window that this end offers is 0; send: the one that the peer offers
    bool send_buffer_full = false; ///< a write() would block
    bool accepted = false;         ///< receive, send: a process holds the socket
    std::uint32_t accept_queue = 0, accept_max = 0, syn_queue = 0, drops = 0;   ///< listener; full when accept_queue > accept_max
    std::uint32_t overflows = 0, syn_cookies = 0;                               ///< counters: since the last look
    std::uint32_t unread = 0, receive_window = 0, receive_buffer = 0;           ///< bytes
    std::uint32_t unacknowledged = 0, send_window = 0, send_buffer = 0;         ///< bytes
    std::uint8_t probes_out = 0;
    Task task;                     ///< who holds the socket, and the thread of it that says most
    char process_state = 0;        ///< 'S', 'D', 'T', ...; 0 = not known
    std::uint32_t threads = 0;     ///< of the process
    std::string call;              ///< the system call that the thread is in; empty = none, or not known
    std::string wait;              ///< where in the kernel it waits; empty = nowhere, or not known
    bool full() const { return accept_queue > accept_max; }
};

/// setsockopt() of an option that changes how TCP behaves; or getsockopt() of SO_ERROR, where it told the application an error.
struct SocketOption {
    Task task;                 ///< pid and tid only
    std::int32_t fd = -1;
    std::int32_t level = 0;    ///< SOL_SOCKET, IPPROTO_TCP
    std::int32_t option = 0;   ///< SO_*, TCP_*
    std::int32_t value = 0;    ///< SO_LINGER: on or off; SO_ERROR: positive errno
    std::int32_t linger_s = 0; ///< SO_LINGER
    std::int32_t ret = 0;      ///< 0, or -errno
    bool is(std::int32_t at_level, std::int32_t which) const { return level == at_level && option == which; }
    bool tells_error() const;  ///< SO_ERROR
};
/// "TCP_USER_TIMEOUT"; "option 99" for one that has no name here.
std::string name(const SocketOption&);

/// What `ss -tie` shows, every so many seconds where that was asked for.
struct Sample {
    TcpNumbers tcp;
    Destroy totals;
    std::uint32_t snd_ssthresh = 0, send_window = 0, receive_window = 0, unsent = 0;
};

/// The kernel threw a packet away. Event::flow is the packet's, as the host's own end sees it; of an ICMP error, the one that it quotes.
struct Drop {
    std::string reason;   ///< the kernel's own name without prefix ("NETFILTER_DROP")
    std::string place;    ///< the kernel function that threw it away
    std::string caller;   ///< a netfilter drop: the kernel function whose hook it was
    std::string device;   ///< empty = on none yet
    bool outgoing = false;     ///< made by this host; else it came in, perhaps only to be forwarded
    bool has_socket = false;   ///< from a socket, or for one
    bool icmp = false;         ///< an ICMP error, not a segment
    std::uint8_t flags = 0;    ///< TCP
    std::uint8_t icmp_type = 0, icmp_code = 0;
    std::uint8_t ttl = 0;      ///< or hop limit; 0 = no IP header yet
    std::uint32_t seq = 0, ack = 0, payload = 0;

    bool syn() const { return !icmp && (flags & (tcp_flag::syn | tcp_flag::ack | tcp_flag::rst)) == tcp_flag::syn; }
    bool by_packet_filter() const { return reason == "NETFILTER_DROP" || unqueued(); }
    /// A rule hands packets to a program (NFQUEUE) that is not there, or whose queue is full. The kernel gives no reason: only the place tells.
    bool unqueued() const { return place == "nf_queue"; }
    /// What finds no route under IPv6 is freed without a reason: only the place tells.
    bool without_route() const { return reason == "IP_OUTNOROUTES" || place == "inet6_csk_xmit"; }
};
/// The netfilter hook that a drop happened at: "prerouting", "input", "forward", "output", "postrouting", "ingress"; "" = not known.
const char* netfilter_hook(std::string_view caller);

/// An ICMP or ICMPv6 error about a TCP segment, or an echo request.
struct Icmp {
    bool outgoing = false;
    bool v6 = false;
    std::uint8_t type = 0, code = 0;
    std::uint8_t ttl = 0;             ///< or hop limit
    std::uint32_t mtu = 0;            ///< next hop's, where the error tells it
    std::uint32_t quoted_seq = 0;
    std::uint16_t quoted_bytes = 0;   ///< length of the quoted packet; 0 = not told
    std::uint16_t echo_payload = 0, echo_id = 0, echo_seq = 0;
    Address sender, receiver;         ///< of the ICMP packet itself
    std::uint64_t frame = 0;          ///< as Segment::frame; packets of captures only
    std::uint32_t recording = 0;      ///< as Segment::recording
    std::string device;
    std::string marker;               ///< echo request: the name that `tcpwitness mark` put into it; empty = none

    bool echo_request() const { return v6 ? type == 128 : type == 8; }
    bool too_big() const { return v6 ? type == 2 : type == 3 && code == 4; }      ///< fragmentation needed, packet too big
    bool unreachable() const { return v6 ? type == 1 : type == 3 && code != 4; }
};
/// "host unreachable", "fragmentation needed", "time exceeded in transit", "echo request", "type 5 code 1".
std::string name(const Icmp&);

/// A route lookup that failed for a connect() or a send.
struct Route {
    enum class What : std::uint8_t { no_route = 0, blackhole = 6, unreachable = 7, prohibit = 8 };
    What what{};
    Task task;                ///< connect: the caller
    std::int32_t error = 0;   ///< positive errno
    std::uint32_t table = 0;  ///< the last one that was asked; 0 = not known
    bool for_connect = false;
    bool asked_later = false;  ///< table and what are of the same lookup, made again by the recorder just after

    /// "prohibit" or "blackhole" where no table's route decided, but a routing rule (ip rule) that says so; else "".
    std::string_view refusing_rule() const;
};
std::string table_name(std::uint32_t table);  ///< "main", "local", "default", "100"

/// What became of a neighbour's link-layer address (ARP, neighbour discovery). Event::flow.peer has the neighbour's address.
struct Neighbour {
    enum class What : std::uint8_t { incomplete = 1, failed, changed };
    What what{};
    std::uint8_t probes = 0;  ///< failed: asked so many times
    std::array<std::uint8_t, 6> old_mac{}, new_mac{};  ///< changed
    std::string device;
};

/// Events without a socket that came faster than they are worth: counted, not recorded one by one. Event::flow has the sources' prefix as the
/// peer's address, and the port that they were about on its own side; none of it set: various ones.
struct Repeats {
    enum class What : std::uint8_t { reset_sent = 1, packet_in, packet_out, drop, handshake_in, handshake_out, synack_retransmit };
    What what{};
    std::uint64_t count = 0;
    std::uint64_t from_ns = 0, to_ns = 0;
    std::uint8_t prefix_length = 0;
    std::string reason;  ///< reset_sent, drop: the kernel's name for it; empty = not told
};
const char* name(Repeats::What);

/// Records lost between two times.
struct Gap {
    std::uint64_t from_ns = 0, to_ns = 0;
    std::uint64_t lost = 0;
    std::string probe;
    std::uint32_t recording = 0;  ///< that lost them: index in Story::recordings
};

/// One fact of the host's configuration that can alter, delay or drop traffic: as it was found, and each change.
struct Environment {
    enum class What : std::uint8_t { found = 1, appeared, changed, gone, counted, unreadable };
    What what{};
    bool of_host = false;       ///< holds for the whole host, not for the event's witness alone
    std::string topic;          ///< "route", "nft_rule", "module": docs/json.md lists them
    std::string name;           ///< of the fact, within its topic
    std::string before, after;  ///< its value; "unreadable" has the reason in `after`
};
const char* name(Environment::What);

/// A message of an application, as its own log tells it: what it begins with and its ids. Bodies are payload and stay out. Event::flow may lack
/// its local end; where the log names its peer only by host name, it has the peer's port alone.
struct Message {
    bool outgoing = false;
    std::string protocol;      ///< "SIP"
    std::string start_line;    ///< "INVITE sip:bob@example.com SIP/2.0", "SIP/2.0 504 Server time-out"
    std::string call_id;
    std::string sequence;      ///< SIP's CSeq: "1 INVITE"
    std::string peer;          ///< as the log names it: "fe.example.com:5061"; empty where Event::flow tells it all
    std::string result_code;   ///< "0xc3e93c47 SIPPROXY_E_NO_ROUTE", as the log has it; empty = none, or success
    std::uint64_t bytes = 0;   ///< of the whole message; 0 = not told
    std::string remark;        ///< what the log has to say about it, instead of that it came or went: "Message was not sent because ..."
    std::uint32_t status() const;  ///< of a response: 504; 0 = a request
};

using EventBody = std::variant<Call, StateChange, Timer, Retransmit, SynAckRetransmit, SocketError, ResetReceived,
                               ResetSent, Destroy, ProcessExit, Segment, Snapshot, Gap, Queue, SocketOption, Sample,
                               Environment, Drop, Icmp, Route, Neighbour, Repeats, Message>;

struct Event {
    std::uint64_t id = 0;         ///< 1-based place in the merged time order; what findings and outputs cite
    std::uint64_t time_ns = 0;    ///< CLOCK_BOOTTIME of the witness's host; with several recordings in one story, their common clock
    WitnessId witness = 0;
    std::uint64_t cookie = 0;     ///< socket cookie; 0 = none known
    std::uint32_t socket_id = 0;  ///< scrambled socket address; 0 = none
    std::uint32_t seq = 0;        ///< per-cpu number of the record
    std::uint16_t cpu = 0;
    TcpState state{};             ///< of the socket when the record was made
    Flow flow;                    ///< local, peer; parts may be unset
    EventBody body;

    template <typename T> const T* as() const { return std::get_if<T>(&body); }
    template <typename T> T* as() { return std::get_if<T>(&body); }
};

/// "call", "state", "timer", "retransmit", "synack_retransmit", "error", "reset_received", "reset_sent", "destroy",
/// "process_exit", "packet", "snapshot", "gap", "queue", "option", "sample", "environment",
/// "drop", "icmp", "route", "neighbour", "repeats", "message": the word in JSON and in the trace's dissector.
const char* kind_name(const Event&);

/// The number in its file of the packet that the event is; 0: none, or the file holds it as a record.
std::uint64_t frame_of(const Event&);
/// Whose file that is: index in Story::recordings.
std::uint32_t recording_of_frame(const Event&);

}  // namespace tcpwitness
