/*
 * The record ABI: the one layout that the BPF programs emit, that a trace file stores and that the decoder reads.
 *
 * Rules: fixed-width types only, explicit padding, little-endian as the CPU writes it, append-only. A record is a
 * `tw_head`, then the body of its kind, then the two addresses (local, peer): 4 bytes each when head.family is
 * AF_INET, 16 each when AF_INET6, none when 0. head.size is the length of all of it. A body may grow at its end in a
 * later ABI version: a reader takes the bytes it knows, finds the addresses from the end, takes fields that a body
 * grew later as 0 where they are missing, and treats a body shorter than its first version as damaged.
 */
#ifndef TCPWITNESS_RECORDS_H
#define TCPWITNESS_RECORDS_H

#ifdef __cplusplus
#include <cstdint>
#define TW_ASSERT(condition) static_assert(condition)
#else
#define TW_ASSERT(condition) _Static_assert(condition, #condition)
#ifndef __BPF__
#include <stdint.h>
#else
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef int int32_t;
typedef unsigned long long uint64_t;
#endif
#endif

#define TW_ABI_VERSION 1
#define TW_COMM_LEN 16
#define TW_IFNAME_LEN 16
#define TW_SYMBOL_LEN 48      /* a kernel function's name, zero-padded */
#define TW_PACKET_BYTES 128   /* link, network and transport headers; never payload */
#define TW_MARKER_LEN 32      /* a marker's name, zero-padded */
#define TW_SOCKADDR_BYTES 28  /* sizeof(struct sockaddr_in6) */

enum tw_kind {
    TW_CALL = 1,
    TW_STATE = 2,
    TW_TIMER = 3,
    TW_RETRANSMIT = 4,
    TW_SYNACK_RETRANSMIT = 5,
    TW_ERROR = 6,
    TW_RESET_IN = 7,
    TW_RESET_OUT = 8,
    TW_DESTROY = 9,
    TW_PROCESS_EXIT = 10,
    TW_PACKET = 11,   /* in a trace file: a real packet on its device's interface, not a record */
    TW_SNAPSHOT = 12,
    TW_GAP = 13,      /* written by the collector */
    TW_META = 14,     /* written by the collector */
    TW_DROP = 15,
    TW_ICMP = 16,
    TW_ROUTE = 17,
    TW_NEIGHBOUR = 18,
    TW_QUEUE = 19,
    TW_OPTION = 20,
    TW_SAMPLE = 21,
    TW_ENVIRONMENT = 23, /* written by the collector */
    TW_REPEATS = 24,     /* written by the collector */
};

/* One number per hook; the order is part of the ABI. Names, sections and texts: userspace/live/probes.cpp. */
enum tw_probe {
    TW_PROBE_STATE = 0,
    TW_PROBE_ERROR = 1,
    TW_PROBE_DESTROY = 2,
    TW_PROBE_RESET_IN = 3,
    TW_PROBE_RESET_OUT = 4,
    TW_PROBE_RETRANSMIT = 5,
    TW_PROBE_SYNACK_RETRANSMIT = 6,
    TW_PROBE_TIMER_ARMED = 7,
    TW_PROBE_TIMER_FIRED = 8,
    TW_PROBE_CALL_ENTER = 9,
    TW_PROBE_CALL_EXIT = 10,
    TW_PROBE_PROCESS_EXIT = 11,
    TW_PROBE_PACKET_IN = 12,
    TW_PROBE_PACKET_OUT = 13,
    TW_PROBE_SNAPSHOT_FILES = 14,
    TW_PROBE_SNAPSHOT_TCP = 15,
    TW_PROBE_COLLECTOR = 16,  /* gaps and metadata, which no hook makes */
    TW_PROBE_DROP = 17,
    TW_PROBE_NEIGHBOUR_ASKED = 18,
    TW_PROBE_NEIGHBOUR_CHANGED = 19,
    TW_PROBE_ROUTE = 20,
    TW_PROBE_NEIGHBOUR_FAILED = 21,
    TW_PROBE_ROUTE6 = 22,
    TW_PROBE_QUEUE = 23,
    TW_PROBE_OPTION = 24,
    TW_PROBE_SAMPLE = 25,
    TW_PROBE_NF_RESET = 31,
    TW_PROBE_RESET_ANSWER = 32,
    TW_PROBES = 48,           /* slots reserved in the counters */
};

struct tw_head {
    uint64_t time_ns;     /* CLOCK_BOOTTIME */
    uint64_t cookie;      /* socket cookie; 0 where the kernel has none yet (request socks, sockets before their first state) */
    uint32_t seq;         /* per CPU, from 1 on, counted before the ring is asked: a missing number is a lost record */
    uint32_t socket_id;   /* scrambled address of the struct sock; ties records without cookie to the socket; 0 = no socket */
    uint32_t netns;       /* inode number of the network namespace */
    uint16_t cpu;
    uint16_t size;        /* of the whole record, addresses included */
    uint8_t kind;         /* enum tw_kind */
    uint8_t probe;        /* enum tw_probe */
    uint8_t family;       /* AF_INET 2, AF_INET6 10, 0: no addresses follow. v4-mapped sockets come as AF_INET */
    uint8_t state;        /* sk_state when the record was made (kernel numbers: ESTABLISHED 1 ... NEW_SYN_RECV 12) */
    uint16_t local_port;  /* host order */
    uint16_t peer_port;   /* host order */
};

/* Who ran on the CPU. Only records made in the caller's own context carry one. */
struct tw_task {
    uint32_t pid;         /* thread group id, in the initial pid namespace */
    uint32_t tid;
    uint64_t cgroup;      /* cgroup v2 id */
    uint8_t comm[TW_COMM_LEN];
};

/* What the sender and receiver knew: struct tcp_sock and inet_connection_sock. Zero where the socket is not full. */
struct tw_tcp {
    uint32_t snd_una;
    uint32_t snd_nxt;
    uint32_t write_seq;     /* tail of what the application wrote; write_seq - snd_una is unacknowledged */
    uint32_t rcv_nxt;
    uint32_t copied_seq;    /* head of what the application has not read; rcv_nxt - copied_seq is unread */
    uint32_t srtt_us;
    uint32_t rto_us;
    uint32_t snd_cwnd;      /* segments */
    uint32_t recv_idle_ms;  /* since the last data segment arrived (icsk_ack.lrcvtime) */
    uint32_t send_idle_ms;  /* since the last data segment was sent (lsndtime) */
    uint8_t ca_state;       /* TCP_CA_Open 0, Disorder 1, CWR 2, Recovery 3, Loss 4 */
    uint8_t retransmits;    /* RTO rounds so far (icsk_retransmits) */
    uint8_t backoff;        /* icsk_backoff */
    uint8_t probes_out;     /* zero-window or keepalive probes unanswered */
    uint8_t pending;        /* enum tw_timer */
    uint8_t shutdown;       /* sk_shutdown: RCV_SHUTDOWN 1, SEND_SHUTDOWN 2 */
    uint8_t socket_dead;    /* 1: the application has closed it, no fd left (SOCK_DEAD) */
    uint8_t pad;
};

enum tw_call_op {
    TW_CALL_SOCKET = 1,
    TW_CALL_BIND = 2,
    TW_CALL_LISTEN = 3,
    TW_CALL_CONNECT = 4,
    TW_CALL_ACCEPT = 5,
    TW_CALL_SHUTDOWN = 6,
};

enum tw_call_flag {
    TW_CALL_NONBLOCK = 1,     /* it would have blocked, and the socket is non-blocking */
    TW_CALL_UNFINISHED = 2,   /* the recording ended inside the call: ret has no meaning */
};

/* One call, enter and exit in one record: head.time_ns is the exit. For accept, head is the accepted socket. */
struct tw_call {
    uint64_t enter_ns;       /* CLOCK_BOOTTIME; 0: the call began before the recorder */
    uint64_t listener;       /* accept: cookie of the listening socket; else 0 */
    struct tw_task task;
    uint32_t listener_id;    /* accept: its socket_id */
    int32_t ret;             /* >= 0 or -errno */
    int32_t fd;              /* argument; for socket and accept the result stands in ret */
    int32_t argument;        /* listen: backlog; shutdown: how; socket: type; accept: failed calls of this thread before it that were not recorded; else 0 */
    uint8_t op;              /* enum tw_call_op */
    uint8_t flags;           /* enum tw_call_flag */
    uint8_t pad[6];
};

struct tw_state {
    uint32_t pid;            /* current task: the caller when the change is CLOSE -> SYN_SENT or CLOSE -> LISTEN, */
    uint32_t tid;            /* else whoever the softirq interrupted */
    uint8_t old_state;
    uint8_t new_state;
    uint16_t soft_error;     /* new CLOSE: sk_err_soft, an error (ICMP) that did not end it at once and that nobody has asked for; else 0 */
    uint32_t argument;       /* new LISTEN: sk_max_ack_backlog; else TW_STATE_MULTIPATH or 0 */
};
#define TW_STATE_MULTIPATH 1u /* a socket of MPTCP, over TCP sockets of its own: it is not in TCP's table */

enum tw_timer {
    TW_TIMER_NONE = 0,
    TW_TIMER_RTO = 1,          /* ICSK_TIME_RETRANS */
    TW_TIMER_PROBE = 3,        /* ICSK_TIME_PROBE0 */
    TW_TIMER_LOSS_PROBE = 5,   /* ICSK_TIME_LOSS_PROBE */
    TW_TIMER_REORDER = 6,      /* ICSK_TIME_REO_TIMEOUT */
    TW_TIMER_KEEPALIVE = 32,   /* a timer of its own */
};

enum tw_timer_what { TW_TIMER_ARMED = 1, TW_TIMER_FIRED = 2 };

struct tw_timer_body {
    uint32_t timeout_ms;     /* armed: fires in; fired: the RTO it ran with (keepalive: how long nothing had come) */
    uint32_t snd_una;
    uint32_t srtt_us;
    uint32_t rto_us;
    uint8_t what;            /* enum tw_timer_what */
    uint8_t timer;           /* enum tw_timer */
    uint8_t retransmits;     /* rounds before this one; zero-window and keepalive: probes unanswered so far */
    uint8_t backoff;
};

enum tw_retransmit_kind {
    TW_RETX_SYN = 1,
    TW_RETX_RTO = 2,
    TW_RETX_FAST = 3,
    TW_RETX_LOSS_PROBE = 4,
    TW_RETX_SYNACK = 5,      /* fast open: a full socket in SYN_RECV */
};

struct tw_retransmit {
    struct tw_tcp tcp;
    uint32_t seq;
    uint32_t end_seq;
    int32_t error;           /* 0 or -errno of the attempt; kernels before 6.17 do not tell: 0 */
    uint8_t what;            /* enum tw_retransmit_kind */
    uint8_t pad[3];
};

/* head.cookie is the listener's: the embryonic connection is known by its addresses only. */
struct tw_synack_retransmit {
    uint32_t sent_isn;       /* of our SYN-ACK */
    uint32_t received_isn;   /* of the client's SYN */
    uint32_t timeout_ms;     /* the request's next timeout base */
    uint8_t retransmits;     /* num_retrans, this one included where the kernel has counted it */
    uint8_t timeouts;        /* num_timeout */
    uint8_t pad[2];
};

struct tw_error {
    struct tw_tcp tcp;
    int32_t error;           /* sk_err, positive errno */
    uint32_t user_timeout_ms;  /* TCP_USER_TIMEOUT of the socket; 0: not set */
    /* added later */
    struct tw_task task;     /* who set it: only of ECONNABORTED, which SOCK_DESTROY sets, and only in process context */
};

struct tw_reset_in {
    struct tw_tcp tcp;
};

enum tw_reset_flag {
    TW_RESET_ANSWER = 1,      /* answers an incoming segment (tcp_v4_send_reset); else the socket's own (active) */
    TW_RESET_NO_SOCKET = 2,   /* no full socket: none, request sock or TIME_WAIT */
    TW_RESET_REASON = 4,      /* the kernel gave its reason; else infer and say so */
    TW_RESET_FIREWALL = 8,    /* made by a packet filter's reject; the local end is the one in whose name it goes, unless it is our own */
    TW_RESET_LINGER_TOLD = 16, /* SO_LINGER was read from the socket: */
    TW_RESET_LINGER = 32,     /* it is on */
};

/* What made the socket send an active reset. */
enum tw_reset_by {
    TW_RESET_BY_UNKNOWN = 0,
    TW_RESET_BY_CLOSE = 1,     /* the process closed it: close(), or its exit */
    TW_RESET_BY_LISTENER = 2,  /* nobody had accepted it, and its listener went */
    TW_RESET_BY_CONNECT = 3,   /* connect() with AF_UNSPEC */
    TW_RESET_BY_DESTROY = 4,   /* SOCK_DESTROY: the task need not be one that has the socket open */
    TW_RESET_BY_KERNEL = 5,    /* the stack itself, in a timer or for want of memory: no task */
};

struct tw_reset_out {
    struct tw_tcp tcp;
    struct tw_task task;     /* active resets: the caller of close() and the like; see pid 0 */
    int32_t reason;          /* enum sk_rst_reason of the running kernel; name it by the trace's own table */
    uint32_t seq;            /* of the segment answered */
    uint32_t ack;
    uint8_t flags;           /* enum tw_reset_flag */
    uint8_t segment_flags;   /* TCP flags of the segment answered */
    uint8_t hook;            /* TW_RESET_FIREWALL: where, enum nf_inet_hooks (prerouting 0 ... postrouting 4) */
    uint8_t by;              /* enum tw_reset_by; 0 too in records of the first version */
    /* added later */
    uint64_t listener;       /* cookie of the listening socket that answered; 0: none */
    uint32_t linger_s;       /* SO_LINGER: l_linger */
    uint32_t pad;
};

struct tw_destroy {
    uint64_t bytes_acked;
    uint64_t bytes_received;
    uint32_t segs_out;
    uint32_t segs_in;
    uint32_t total_retrans;
    uint32_t srtt_us;
    /* added later */
    uint32_t rttvar_us;
    uint32_t snd_cwnd;       /* segments */
    uint32_t busy_ms;        /* how long something was unacknowledged or unsent; of that: */
    uint32_t rwnd_limited_ms;    /* the peer's window held it back */
    uint32_t sndbuf_limited_ms;  /* the send buffer was too small */
    uint32_t pad;
};

enum tw_exit_flag {
    TW_EXIT_OUT_OF_MEMORY = 1, /* the kernel's OOM killer chose it */
};

struct tw_process_exit {
    struct tw_task task;
    int32_t code;            /* as wait(2) gives it: signal in the low 7 bits, exit status << 8 */
    uint32_t flags;          /* enum tw_exit_flag */
};

enum tw_direction { TW_IN = 1, TW_OUT = 2 };

/* A control segment (SYN, FIN or RST), or the bare ACK that answers a SYN; with --segments any. head.cookie is 0: packets belong to a socket by namespace, tuple and time. */
struct tw_packet {
    uint32_t length;         /* on the wire, from the link header on */
    uint16_t captured;       /* bytes of data that are filled */
    uint16_t link_type;      /* ARPHRD_* of the device */
    uint32_t ifindex;
    uint8_t direction;       /* enum tw_direction */
    uint8_t link_header;     /* bytes of link header at the start of data; 0: starts with the IP header */
    uint16_t pad;
    uint8_t ifname[TW_IFNAME_LEN];
    uint8_t data[TW_PACKET_BYTES];
};

/* A socket that existed before the recorder. */
struct tw_snapshot {
    struct tw_tcp tcp;
    struct tw_task task;     /* an owner, by its open file; pid 0: found in the hash table, no fd */
    int32_t fd;
    uint32_t accept_queue;   /* LISTEN: sk_ack_backlog */
    uint32_t accept_max;     /* LISTEN: sk_max_ack_backlog */
    uint32_t pad;
};

enum tw_drop_flag {
    TW_DROP_SOCKET = 1,       /* head names the socket that the packet came from or was for */
    TW_DROP_QUOTED = 2,       /* the packet was an ICMP error; head's flow is the one that it quotes */
};

/*
 * The kernel threw a packet away: a TCP segment, or an ICMP error that quotes one. Only losses: what the kernel frees because it has used it
 * is not told.
 */
struct tw_drop {
    uint32_t reason;          /* enum skb_drop_reason of the running kernel, subsystem in the upper half; name it by the trace's own table */
    uint32_t seq;
    uint32_t ack;
    uint32_t payload;         /* bytes */
    uint32_t ifindex;         /* 0: not on a device yet */
    uint16_t pad;
    uint8_t flags;            /* enum tw_drop_flag */
    uint8_t direction;        /* enum tw_direction; a packet on its way through is IN */
    uint8_t protocol;         /* IPPROTO_TCP, IPPROTO_ICMP, IPPROTO_ICMPV6 */
    uint8_t segment_flags;    /* TCP flags */
    uint8_t icmp_type;
    uint8_t icmp_code;
    uint8_t ttl;              /* or hop limit; 0: the packet had no IP header yet */
    uint8_t pad2[3];
    uint8_t ifname[TW_IFNAME_LEN];
    uint8_t place[TW_SYMBOL_LEN];   /* the kernel function that threw it away */
    uint8_t caller[TW_SYMBOL_LEN];  /* a netfilter drop: the function whose hook it was */
};

/*
 * An ICMP or ICMPv6 error about a TCP segment, or an echo request. An error's head has the flow that it quotes: as the sender of the quoted
 * segment sees it when the error comes in, as its receiver does when it goes out. An echo request's has no ports.
 */
struct tw_icmp {
    uint32_t mtu;             /* fragmentation needed, packet too big: next-hop MTU; else 0 */
    uint32_t quoted_seq;      /* TCP sequence number */
    uint32_t ifindex;
    uint16_t quoted_length;   /* of the quoted packet, IP header included; 0: not told */
    uint16_t echo_payload;    /* echo request: bytes */
    uint16_t echo_id;
    uint16_t echo_seq;
    uint8_t direction;        /* enum tw_direction */
    uint8_t type;
    uint8_t code;
    uint8_t ttl;              /* or hop limit, of the ICMP packet itself */
    uint8_t sender[16];       /* of the ICMP packet; head.family, IPv4 in the first 4 bytes */
    uint8_t receiver[16];
    uint8_t ifname[TW_IFNAME_LEN];
    uint8_t marker[TW_MARKER_LEN]; /* echo request of `tcpwitness mark`: the name that its data holds; else 0 */
};

enum tw_route_answer {
    TW_ROUTE_NOTED = 0,       /* table and type were noted when the lookup failed; table 0: they were not, and are not known */
    TW_ROUTE_ASKED = 1,       /* they are what the same lookup said when the collector made it again just after; table 0: a rule decided */
    TW_ROUTE_OTHER = 2,       /* that lookup did not end with the error: the call did for another reason, and the record tells nothing */
};

/* A route lookup that failed for a connect() or a send. */
struct tw_route {
    struct tw_task task;      /* connect: the caller; else pid 0 */
    int32_t error;            /* positive errno that the lookup ended with */
    uint32_t table;           /* the last one that was asked: 254 main, 253 default, 255 local; 0: not known */
    uint8_t type;             /* of the route that decided: RTN_BLACKHOLE 6, RTN_UNREACHABLE 7, RTN_PROHIBIT 8; 0: no route matched */
    uint8_t for_connect;      /* 1: connect() ended with this; 0: a segment of an open socket could not be sent */
    /* added later */
    uint8_t answer;           /* enum tw_route_answer */
    uint8_t pad;
    uint32_t mark;            /* of the socket (SO_MARK) */
};

enum tw_neighbour_what {
    TW_NEIGHBOUR_INCOMPLETE = 1,  /* its link-layer address is being asked for */
    TW_NEIGHBOUR_FAILED = 2,      /* nobody answered */
    TW_NEIGHBOUR_CHANGED = 3,     /* it has another link-layer address than before */
};

/* head's peer address is the neighbour's. */
struct tw_neighbour {
    uint32_t ifindex;
    uint8_t what;             /* enum tw_neighbour_what */
    uint8_t probes;           /* failed: how many were sent */
    uint8_t pad[2];
    uint8_t old_mac[8];       /* changed; the first 6 bytes */
    uint8_t new_mac[8];
    uint8_t ifname[TW_IFNAME_LEN];
};

enum tw_queue_what {
    TW_QUEUE_LISTENER = 1,    /* complete connections wait for accept(), or the listener dropped some */
    TW_QUEUE_RECEIVE = 2,     /* the application leaves received data unread */
    TW_QUEUE_SEND = 3,        /* the peer's window is closed, or the send buffer is full, and nothing moves */
    TW_QUEUE_COUNTERS = 4,    /* what the whole namespace counted: no socket */
};

enum tw_queue_flag {
    TW_QUEUE_OVER = 1,              /* what was told before is over: the application reads, accepts or sends again */
    TW_QUEUE_WINDOW_CLOSED = 2,     /* receive: the window that this end offers is 0; send: the one that the peer offers */
    TW_QUEUE_SEND_BUFFER_FULL = 4,  /* a write() would block */
    TW_QUEUE_ACCEPTED = 8,          /* receive, send: a process holds the socket; else it waits for accept(), or is an orphan */
};

/*
 * A socket's queues, looked at about once a second by the recorder; only sockets where something waits are told: when it has waited for one
 * look, then ever more rarely while it goes on, and once when it is over.
 */
struct tw_queue {
    uint64_t since_ns;        /* CLOCK_BOOTTIME of the first look in a row that found it so */
    struct tw_task task;      /* who holds the socket, and the thread of it that says most about its state; pid 0: not known */
    uint32_t accept_queue;    /* LISTEN: sk_ack_backlog; the queue is full beyond accept_max */
    uint32_t accept_max;      /* LISTEN: sk_max_ack_backlog */
    uint32_t syn_queue;       /* LISTEN: connections that are half-open */
    uint32_t drops;           /* LISTEN: SYNs and ACKs that the listener dropped since the last look */
    uint32_t overflows;       /* counters: ListenOverflows since the last look, of the whole namespace */
    uint32_t syn_cookies;     /* counters: SyncookiesSent since the last look */
    uint32_t unread;          /* received, not read by the application */
    uint32_t receive_window;  /* that this end offers at most now; 0: closed */
    uint32_t receive_buffer;  /* sk_rcvbuf */
    uint32_t unacknowledged;  /* sent or not yet, not acknowledged by the peer */
    uint32_t send_window;     /* that the peer offers; 0: closed */
    uint32_t send_buffer;     /* sk_sndbuf */
    uint8_t what;             /* enum tw_queue_what */
    uint8_t flags;            /* enum tw_queue_flag */
    uint8_t probes_out;       /* zero-window probes unanswered */
    uint8_t process_state;    /* of /proc/PID/task/TID/stat: 'S', 'D', 'T', ...; 0: not read */
    uint32_t threads;         /* of the process */
    uint8_t call[16];         /* the system call that the thread is in, by name ("futex"), zero-padded; empty: in none, or not read */
    uint8_t wait[32];         /* where in the kernel it waits (wchan), zero-padded */
};

/* setsockopt() of an option that changes how TCP behaves; or getsockopt() of SO_ERROR, where it told an error. */
struct tw_option {
    uint32_t pid;
    uint32_t tid;
    int32_t fd;
    int32_t ret;
    int32_t level;            /* SOL_SOCKET 1, IPPROTO_TCP 6 */
    int32_t option;           /* SO_*, TCP_* */
    int32_t value;            /* SO_LINGER: l_onoff; SO_ERROR: the positive errno that the application was told */
    int32_t linger_s;         /* SO_LINGER: l_linger; else 0 */
};

/* What `ss -tie` shows, every so many seconds where that was asked for. */
struct tw_sample {
    struct tw_tcp tcp;
    struct tw_destroy totals;
    uint32_t snd_ssthresh;
    uint32_t send_window;
    uint32_t receive_window;
    uint32_t unsent;          /* written by the application, not sent */
};

/* Records lost by `lost_probe` between the two times; head.cpu is where, 0xffff: more than one. */
struct tw_gap {
    uint64_t from_ns;
    uint64_t to_ns;
    uint64_t lost;
    uint32_t lost_probe;     /* enum tw_probe */
    uint32_t pad;
};

enum tw_repeat {
    TW_REPEAT_RESET_OUT = 1,
    TW_REPEAT_PACKET_IN = 2,
    TW_REPEAT_PACKET_OUT = 3,
    TW_REPEAT_DROP = 4,
    TW_REPEAT_HANDSHAKE_IN = 5,   /* SYNs, and SYN-ACKs that nobody asked for, of which no connection came within some seconds */
    TW_REPEAT_HANDSHAKE_OUT = 6,  /* SYN-ACKs, likewise */
    TW_REPEAT_SYNACK_RETRANSMIT = 7,
};
#define TW_REPEATS_KINDS 7

/* Events without a socket that came faster than they are worth: counted within a time instead of recorded one by one. The head's peer address is
 * the sources' prefix; its local_port or peer_port, whichever is not 0, the port that they were about. All 0: various ones. */
struct tw_repeats {
    uint64_t from_ns;
    uint64_t to_ns;
    uint64_t count;
    int32_t reason;          /* TW_REPEAT_RESET_OUT: as in tw_reset_out; TW_REPEAT_DROP: as in tw_drop */
    uint8_t what;            /* enum tw_repeat */
    uint8_t prefix_length;
    uint8_t flags;           /* TW_RESET_REASON: reason has a meaning */
    uint8_t pad;
};

/* Text that the collector learnt while recording: "key=value", UTF-8, not terminated, `length` bytes after this. */
struct tw_meta {
    uint32_t length;
    uint32_t pad;
};

enum tw_environment_what {
    TW_ENVIRONMENT_FOUND = 1,       /* at the first look, when the recording or this namespace's part of it began */
    TW_ENVIRONMENT_APPEARED = 2,
    TW_ENVIRONMENT_CHANGED = 3,
    TW_ENVIRONMENT_GONE = 4,
    TW_ENVIRONMENT_COUNTED = 5,     /* a counter at the end, where it moved since it was found */
    TW_ENVIRONMENT_UNREADABLE = 6,  /* could not be looked at; `after` says why */
};

/*
 * One fact of the configuration that can alter, delay or drop traffic. head.netns is the namespace that it holds for, 0 the whole host.
 * After it come four texts in this order, UTF-8, not terminated: topic ("route", "nft_rule"), name within the topic, value before, value
 * after. Written by the collector.
 */
struct tw_environment {
    uint8_t what;            /* enum tw_environment_what */
    uint8_t topic_length;
    uint16_t name_length;
    uint16_t before_length;
    uint16_t after_length;
};

TW_ASSERT(sizeof(struct tw_head) == 40);
TW_ASSERT(sizeof(struct tw_task) == 32);
TW_ASSERT(sizeof(struct tw_tcp) == 48);
TW_ASSERT(sizeof(struct tw_call) == 72);
TW_ASSERT(sizeof(struct tw_state) == 16);
TW_ASSERT(sizeof(struct tw_timer_body) == 20);
TW_ASSERT(sizeof(struct tw_retransmit) == 64);
TW_ASSERT(sizeof(struct tw_synack_retransmit) == 16);
TW_ASSERT(sizeof(struct tw_error) == 88);
TW_ASSERT(sizeof(struct tw_reset_in) == 48);
TW_ASSERT(sizeof(struct tw_reset_out) == 112);
TW_ASSERT(sizeof(struct tw_destroy) == 56);
TW_ASSERT(sizeof(struct tw_process_exit) == 40);
TW_ASSERT(sizeof(struct tw_packet) == 160);
TW_ASSERT(sizeof(struct tw_snapshot) == 96);
TW_ASSERT(sizeof(struct tw_drop) == 144);
TW_ASSERT(sizeof(struct tw_icmp) == 104);
TW_ASSERT(sizeof(struct tw_route) == 48);
TW_ASSERT(sizeof(struct tw_neighbour) == 40);
TW_ASSERT(sizeof(struct tw_queue) == 144);
TW_ASSERT(sizeof(struct tw_option) == 32);
TW_ASSERT(sizeof(struct tw_sample) == 120);
TW_ASSERT(sizeof(struct tw_gap) == 32);
TW_ASSERT(sizeof(struct tw_meta) == 8);
TW_ASSERT(sizeof(struct tw_repeats) == 32);
TW_ASSERT(sizeof(struct tw_environment) == 8);

#endif
