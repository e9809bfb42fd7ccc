/* What the loader tells the programs before they load (their read-only data) and the counters that they share. */
#ifndef TCPWITNESS_OPTIONS_H
#define TCPWITNESS_OPTIONS_H

#include "records.h"

#define TW_FILTER_PORTS 16
#define TW_FILTER_PREFIXES 16
#define TW_FILTER_NETNS 8
#define TW_FILTER_PIDS 16
#define TW_FILTER_COMMS 8

enum tw_side { TW_SIDE_EITHER = 0, TW_SIDE_LOCAL = 1, TW_SIDE_PEER = 2 };
#define TW_SIDES 3

struct tw_port_range { uint16_t first, last; };

struct tw_prefix {
    uint32_t family;
    uint32_t address[4];  /* network order, already masked */
    uint32_t mask[4];     /* network order */
};

/* Values of one list: any of them. Lists with values: all of them. The same filter in the report is model/filter.h. */
struct tw_filter {
    uint32_t active;      /* any list has values */
    uint32_t by_task;     /* pids or comms has values */
    uint32_t netns_count;
    uint32_t pid_count;
    uint32_t comm_count;
    uint32_t port_count[TW_SIDES];
    uint32_t prefix_count[TW_SIDES];
    uint32_t netns[TW_FILTER_NETNS];
    uint32_t pid[TW_FILTER_PIDS];
    struct tw_port_range port[TW_SIDES][TW_FILTER_PORTS];
    struct tw_prefix prefix[TW_SIDES][TW_FILTER_PREFIXES];
    char comm[TW_FILTER_COMMS][TW_COMM_LEN];
};

#define TW_DROP_REASONS 256  /* of the kernel's core; subsystems number theirs above 65535 */

struct tw_options {
    uint64_t harmless_drops[TW_DROP_REASONS / 64];  /* a bit for each reason that means no loss */
    uint32_t netfilter_drop;   /* the running kernel's numbers of reasons */
    uint32_t no_route_drop;
    uint32_t no_reason_drop;
    uint32_t pad3;
    uint64_t inet6_csk_xmit;   /* address of that function, which sends IPv6 segments; 0: not told */
    uint64_t nf_queue;         /* address of that function, which hands packets to programs; 0: not told */
    uint64_t write_timer;      /* address of tcp_write_timer in the running kernel */
    uint64_t keepalive_timer;  /* address of tcp_keepalive_timer; 0: not told */
    uint64_t nf_hook_slow;     /* address of that function, which runs netfilter hooks; 0: not told */
    uint64_t secret;           /* scrambles socket addresses */
    uint64_t ring_bytes;       /* of one CPU's ring, without overhangs */
    uint64_t wake_bytes;       /* wake the collector when so much waits in a ring */
    uint32_t rings;            /* a CPU that has none uses the first */
    uint32_t ring_chunks;      /* in each ring; a power of two */
    uint32_t hz;
    uint32_t jiffy_ms;         /* milliseconds in a jiffy, << 20: a multiplication costs a fraction of a division */
    uint32_t jiffy_s;          /* seconds in a jiffy, << 20; rounded up, which is near enough for a pace */
    uint32_t self_pid;         /* the recorder: its own exit and calls are not recorded */
    uint8_t retransmit_error;  /* tcp_retransmit_skb has its third argument */
    uint8_t reset_reason;      /* tcp_send_reset has its third argument */
    uint8_t segments;          /* record all TCP segments that the filter chooses, not only SYN, FIN and RST */
    uint8_t plain_loads;       /* the kernel has bpf_rdonly_cast: see readable.h */
    uint8_t drop_socket;       /* kfree_skb has its fourth argument */
    uint8_t pad[3];
    uint32_t kept_sets;        /* of tw_kept_set; a power of two */
    uint32_t pad2;
    struct tw_filter filter;
};

/* The last table that a lookup of the collector's had no route in, or whose route said no; type 0: no route. Wiped by the collector. */
struct tw_own_lookup { uint32_t table, type; };

#define TW_CHUNK_BYTES 65536   /* a power of two */
#define TW_CHUNK_OVERHANG 512  /* more than the longest slot */
#define TW_RING_SPARE 4096     /* see ring.h */


/* One per CPU, written by that CPU only, mapped into the collector. */
struct tw_count { uint64_t lost, last_lost_ns; };
struct tw_counters {
    uint32_t seq;
    uint32_t pad;
    uint64_t reserved;         /* bytes given to slots since the beginning */
    uint64_t state_told[2];    /* see socket.bpf.h: by a task, by a softirq */
    uint64_t stood_in;         /* state changes that the stand-in had to tell */
    uint64_t last_gone;        /* cookie of the chosen socket that was destroyed last */
    struct tw_count probe[TW_PROBES];
};

/* What look_at_queues tells the collector, which makes a tw_queue of it where it is worth one: `queue` lacks what only userspace knows. */
struct tw_queue_look {
    struct tw_queue queue;
    uint64_t inode;           /* of the socket's file; 0: no process has it open */
    uint32_t copied_seq;      /* does not move while nobody reads */
    uint32_t snd_una;         /* does not move while the peer takes nothing */
    uint32_t drops;           /* LISTEN: sk_drops, since it listens */
    uint32_t send_waits;      /* unacknowledged data that a closed window or a full buffer holds back */
};

/* What repeats.h counts instead of recording it. Addresses as in a record; ports in host order. */
#define TW_HELD_ENTRIES 16384
struct tw_held_key {
    uint32_t netns;
    uint32_t prefix[2];        /* of the peer's address: 24 bits of IPv4, 48 of IPv6 */
    int32_t reason;            /* TW_REPEAT_RESET_OUT: as in tw_reset_out; TW_REPEAT_DROP: as in tw_drop */
    uint16_t port;             /* 0: see the entry "others" */
    uint16_t side;             /* enum tw_side: whose port */
    uint8_t what;              /* enum tw_repeat */
    uint8_t family;
    uint8_t pad[2];
};

/*
 * Packets of handshakes that came beyond the pace (bpf/kept.h). Whoever turns a tag into TW_KEPT_CLAIMED owns that packet until he gives it
 * another tag: programs on any CPU, and the collector, which counts those that have grown old.
 */
#define TW_KEPT_WAYS 8
#define TW_KEPT_SECONDS 4      /* so long at least one may wait for its connection, where there is room */
enum tw_kept_tag { TW_KEPT_FREE = 0, TW_KEPT_CLAIMED = 1 }; /* others: of the hash */
struct tw_kept {
    struct tw_head head;
    struct tw_packet body;
    uint8_t addresses[32];     /* behind the body, as in a record */
    uint32_t side;             /* enum tw_side: which port it is about */
    uint32_t what;             /* enum tw_repeat: what it is counted as when no connection comes of it */
    uint32_t acked_by;         /* a SYN-ACK: the ACK number that tells that it arrived; else 0 */
    uint32_t pad;
};
struct tw_kept_set {
    uint32_t tags[TW_KEPT_WAYS];
    uint32_t next;             /* whose turn it is to make room */
    uint32_t pad;
    struct tw_kept packets[TW_KEPT_WAYS];
};

/* One per ring, written by the collector: bytes that it has taken. Alone in its cache line. */
struct tw_taken {
    uint64_t position;
    uint64_t pad[7];
};

/* A call that has been entered and has not returned; the collector reads those that are left when it ends. */
#define TW_PENDING_CALLS 65536 /* slots; a power of two */
struct tw_pending_call {
    uint64_t pid_tgid;        /* as bpf_get_current_pid_tgid gives it */
    uint64_t noted;           /* pid_tgid of the last one whose process is known to own sockets */
    uint64_t enter_ns;
    uint64_t sockaddr;        /* connect, bind: the caller's pointer */
    uint64_t cookie;          /* connect: of the socket, once it has left CLOSE; then head is filled too */
    int32_t fd;
    int32_t argument;
    uint32_t netns;
    uint32_t socket_id;
    uint16_t peer_port;       /* host order */
    uint8_t op;               /* enum tw_call_op; 0: nobody is inside a call */
    uint8_t family;           /* of addresses */
    uint8_t route_type;       /* of the route that says no (RTN_*); 0: none matched */
    uint8_t pad[3];
    uint32_t route_table;     /* connect: the table where its route lookup failed; 0: it did not */
    /* accept() calls that failed alike, one after the other (call.bpf.h) */
    uint64_t failed_listener; /* cookie */
    uint32_t failed_since;    /* jiffies: the last one that was recorded */
    uint32_t failed_more;     /* that were not recorded since */
    uint32_t failed_netns;
    int32_t failed_result;    /* -errno; 0: the last one did not fail */
    uint8_t addresses[32];    /* local, peer, as in a record */
};

#endif
