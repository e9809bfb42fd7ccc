/*
 * What comes again and again without a socket: SYNs to a port where nothing listens, that a packet filter drops or that nobody follows up, what
 * answers them, and the like. Beyond a pace such events are counted here instead of recorded; the collector writes the counts once a second
 * (TW_REPEATS), none is left out. Events of sockets are never held back: what may become one waits in kept.h.
 */
#ifndef TCPWITNESS_REPEATS_H
#define TCPWITNESS_REPEATS_H

#include "filter.h"

/* Full records each second, before the rest of that second is counted. */
enum { PACE_OF_PREFIX = 500, PACE_OF_NAMESPACE = 1000 };
enum { SOCK_RAW = 3 };

/* Each has a pace of its own. Beyond these: reasons of drops, so that a flood hides no drop of another kind. */
enum paced { PACED_ANSWERS, PACED_KNOCKS, PACED_SYN_ACKS, PACED_SYN_ACKS_AGAIN, PACED_SYN_ACKS_IN, PACED_FORWARDED, PACED_DROPS = 16 };

struct pace_key { u32 netns; u32 paced; u32 prefix[2]; }; /* prefix 0: the whole namespace */
struct pace { u64 second; u32 seen; u32 pad; };

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384);
    __type(key, struct pace_key);
    __type(value, struct pace);
} paces SEC(".maps");

/* Ports whose traffic without socket was beyond the pace, and when. `side` is a tw_side, or the peer's as the one that sends SYN-ACKs. */
enum { SIDE_PEER_THAT_ANSWERS = 3 };
struct busy_port_key { u32 netns; u16 port; u16 side; };
struct busy_port { u64 second; u32 closed; u32 pad; };

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 4096);
    __type(key, struct busy_port_key);
    __type(value, struct busy_port);
} busy_ports SEC(".maps");

/* When any port was last busy: spares the lookups while none is. */
unsigned long long busy_second;

/* Read by the collector; a count for each CPU, since in a flood all of them count the same. Has an entry "others" (all 0 but what) for each kind
 * from the beginning, for when it is full. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, TW_HELD_ENTRIES);
    __type(key, struct tw_held_key);
    __type(value, u64);
} held SEC(".maps");

static __always_inline u64 this_second(void)
{
    return bpf_jiffies64() * options.jiffy_s >> 20;
}

static __always_inline void prefix_of(u32 *prefix, const struct tw_head *head, const u8 *addresses)
{
    const u32 *words = (const u32 *)addresses;
    if (head->family == AF_INET6) {
        prefix[0] = words[4];
        prefix[1] = words[5] & bpf_htonl(0xffff0000); /* /48 */
    } else {
        prefix[0] = words[1] & bpf_htonl(0xffffff00); /* /24 */
        prefix[1] = 0;
    }
}

static __always_inline bool beyond(const struct pace_key *key, u64 second, u32 limit)
{
    struct pace *pace = bpf_map_lookup_elem(&paces, key);
    if (!pace) {
        const struct pace first = {.second = second, .seen = 1};
        bpf_map_update_elem(&paces, key, &first, BPF_ANY);
        return false;
    }
    if (pace->second != second) {
        pace->second = second;
        pace->seen = 0;
    }
    /* knocks may become fewer again; what else is beyond stays so, and needs no CPU to take the others' cache line from them */
    if (key->paced != PACED_KNOCKS && pace->seen >= limit)
        return true;
    return __sync_fetch_and_add(&pace->seen, 1) >= limit;
}

static __always_inline void count_held(struct tw_held_key *key)
{
    u64 *count = bpf_map_lookup_elem(&held, key);
    if (!count) {
        const u64 none = 0;
        bpf_map_update_elem(&held, key, &none, BPF_NOEXIST);
        count = bpf_map_lookup_elem(&held, key);
    }
    if (!count) {
        const struct tw_held_key others = {.what = key->what};
        count = bpf_map_lookup_elem(&held, &others);
    }
    if (count) /* one that an interrupt's program may come between */
        __sync_fetch_and_add(count, 1);
}

/* The port of an event on that side. */
static __always_inline u16 port_on(const struct tw_head *head, u16 side)
{
    return side == TW_SIDE_LOCAL ? head->local_port : head->peer_port;
}

static __always_inline void hold(const struct tw_head *head, const u8 *addresses, u8 what, u16 side, s32 reason)
{
    struct tw_held_key key = {.netns = head->netns, .reason = reason, .side = side, .what = what, .family = head->family};
    key.port = port_on(head, side);
    prefix_of(key.prefix, head, addresses);
    count_held(&key);
}

static __always_inline bool beyond_pace(const struct tw_head *head, const u8 *addresses, enum paced paced, u64 second)
{
    struct pace_key key = {.netns = head->netns, .paced = paced};
    if (beyond(&key, second, PACE_OF_NAMESPACE))
        return true;
    prefix_of(key.prefix, head, addresses);
    return beyond(&key, second, PACE_OF_PREFIX);
}

static __always_inline void mark_busy(const struct tw_head *head, u16 side, bool closed, u64 second)
{
    const struct busy_port_key key = {.netns = head->netns, .port = port_on(head, side), .side = side};
    struct busy_port *port = bpf_map_lookup_elem(&busy_ports, &key);
    if (port) {
        if (port->second != second)
            port->second = second;
        if (port->closed != closed)
            port->closed = closed;
    } else {
        const struct busy_port now = {.second = second, .closed = closed};
        bpf_map_update_elem(&busy_ports, &key, &now, BPF_ANY);
    }
    if (busy_second != second)
        busy_second = second;
}

/* NULL unless that port was busy a moment ago. */
static __always_inline const struct busy_port *busy_port_of(const struct tw_head *head, u16 side)
{
    const u64 second = this_second();
    if (busy_second + 1 < second)
        return NULL;
    const struct busy_port_key key = {.netns = head->netns, .port = port_on(head, side), .side = side};
    const struct busy_port *port = bpf_map_lookup_elem(&busy_ports, &key);
    return port && port->second + 1 >= second ? port : NULL;
}

/* A RST that this host sends without a socket. `syn_ack`: it answers one, which knocks at no port here. `closed`: nothing can be connected to
 * the port. */
static __always_inline bool hold_reset(const struct tw_head *head, const u8 *addresses, bool syn_ack, bool closed, s32 reason)
{
    const u64 second = this_second();
    if (!beyond_pace(head, addresses, PACED_ANSWERS, second))
        return false;
    mark_busy(head, syn_ack ? SIDE_PEER_THAT_ANSWERS : TW_SIDE_LOCAL, closed && !syn_ack, second);
    hold(head, addresses, TW_REPEAT_RESET_OUT, syn_ack ? TW_SIDE_PEER : TW_SIDE_LOCAL, reason);
    return true;
}

/*
 * A packet without a socket that was thrown away. SYN-ACKs and RSTs that answer what others sent in this host's name (backscatter) are held on
 * their way in too from then on.
 */
static __always_inline bool hold_drop(const struct tw_head *head, const u8 *addresses, bool out, u8 segment_flags, u32 reason)
{
    const u64 second = this_second();
    const struct pace_key key = {.netns = head->netns, .paced = PACED_DROPS + reason};
    if (!beyond(&key, second, PACE_OF_NAMESPACE))
        return false;
    const bool syn = (segment_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    const u16 side = out == syn ? TW_SIDE_PEER : TW_SIDE_LOCAL;
    hold(head, addresses, TW_REPEAT_DROP, side, (s32)reason);
    if (segment_flags & TCP_RST && !out)
        mark_busy(head, side, false, second);
    else if (segment_flags & TCP_SYN && !syn && !out)
        mark_busy(head, SIDE_PEER_THAT_ANSWERS, false, second);
    return true;
}

#endif
