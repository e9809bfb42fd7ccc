/*
 * What comes again and again without a socket: SYNs to a port where nothing listens, the RSTs that answer them, packets thrown away, and the
 * like. Beyond a pace such events are counted here instead of recorded; the collector writes the counts once a second (TW_REPEATS), none is
 * left out. Events of sockets are never held back: a closed port has none, and of an open port only the answers to stray segments are.
 */
#ifndef TCPWITNESS_REPEATS_H
#define TCPWITNESS_REPEATS_H

#include "filter.h"

/* Full records each second, before the rest of that second is counted. */
enum { PACE_OF_PREFIX = 500, PACE_OF_NAMESPACE = 1000 };
enum { SOCK_RAW = 3 };

struct pace_key { u32 netns; u32 prefix[2]; }; /* prefix 0: the whole namespace */
struct pace { u64 second; u32 seen; u32 pad; };

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384);
    __type(key, struct pace_key);
    __type(value, struct pace);
} paces SEC(".maps");

/* Ports whose traffic without socket was beyond the pace, and when. */
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

/* Read by the collector. Has an entry "others" (all 0 but what) for each kind from the beginning, for when it is full. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, TW_HELD_ENTRIES);
    __type(key, struct tw_held_key);
    __type(value, u64);
} held SEC(".maps");

static __always_inline u64 this_second(void)
{
    return bpf_jiffies64() / (options.hz ? options.hz : 1);
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
    if (count)
        __sync_fetch_and_add(count, 1);
}

static __always_inline void hold(const struct tw_head *head, const u8 *addresses, u8 what, u16 side, s32 reason)
{
    struct tw_held_key key = {.netns = head->netns, .reason = reason, .side = side, .what = what, .family = head->family};
    key.port = side == TW_SIDE_LOCAL ? head->local_port : head->peer_port;
    prefix_of(key.prefix, head, addresses);
    count_held(&key);
}

static __always_inline bool beyond_pace(const struct tw_head *head, const u8 *addresses, u64 second)
{
    struct pace_key key = {.netns = head->netns};
    if (beyond(&key, second, PACE_OF_NAMESPACE))
        return true;
    prefix_of(key.prefix, head, addresses);
    return beyond(&key, second, PACE_OF_PREFIX);
}

static __always_inline void mark_busy(const struct tw_head *head, u16 side, bool closed, u64 second)
{
    const struct busy_port_key key = {.netns = head->netns, .port = side == TW_SIDE_LOCAL ? head->local_port : head->peer_port, .side = side};
    struct busy_port *port = bpf_map_lookup_elem(&busy_ports, &key);
    if (port) {
        port->second = second;
        port->closed = closed;
    } else {
        const struct busy_port now = {.second = second, .closed = closed};
        bpf_map_update_elem(&busy_ports, &key, &now, BPF_ANY);
    }
    busy_second = second;
}

/* One more event without a socket that has to do with a port on `side`. `closed`: nothing can be connected to it. */
static __always_inline bool is_beyond_pace(const struct tw_head *head, const u8 *addresses, u16 side, bool closed)
{
    const u64 second = this_second();
    if (!beyond_pace(head, addresses, second))
        return false;
    mark_busy(head, side, closed, second);
    return true;
}

static __always_inline bool hold_reset(const struct tw_head *head, const u8 *addresses, bool closed, s32 reason)
{
    if (!is_beyond_pace(head, addresses, TW_SIDE_LOCAL, closed))
        return false;
    hold(head, addresses, TW_REPEAT_RESET_OUT, TW_SIDE_LOCAL, reason);
    return true;
}

/* Who made a packet that leaves: a TCP socket of this host, a program past TCP (AF_PACKET, SOCK_RAW), or nobody here (forwarded). */
enum maker { MAKER_NONE, MAKER_TCP, MAKER_RAW };

/* A SYN or RST that passes a device. */
static __always_inline bool hold_packet(const struct tw_head *head, const u8 *addresses, bool out, bool syn, enum maker maker)
{
    if (syn && maker == MAKER_TCP)
        return false;
    const u8 what = out ? TW_REPEAT_PACKET_OUT : TW_REPEAT_PACKET_IN;
    const u16 side = out == syn ? TW_SIDE_PEER : TW_SIDE_LOCAL; /* where the port is that the SYN knocks at or the RST speaks for */
    if (syn && maker == MAKER_RAW && is_beyond_pace(head, addresses, side, true)) {
        hold(head, addresses, what, side, 0);
        return true;
    }
    const u64 second = this_second();
    if (busy_second + 1 < second)
        return false;
    const struct busy_port_key key = {.netns = head->netns, .port = side == TW_SIDE_LOCAL ? head->local_port : head->peer_port, .side = side};
    const struct busy_port *port = bpf_map_lookup_elem(&busy_ports, &key);
    if (!port || port->second + 1 < second || (syn && !port->closed))
        return false;
    hold(head, addresses, what, side, 0);
    return true;
}

/*
 * A packet without a socket that was thrown away. Each reason has a pace of its own, so that a flood hides no drop of another kind. RSTs that
 * answer what others sent in this host's name (backscatter) are held on their way in too from then on.
 */
static __always_inline bool hold_drop(const struct tw_head *head, const u8 *addresses, bool out, bool syn, bool rst, u32 reason)
{
    const u64 second = this_second();
    const struct pace_key key = {.netns = head->netns, .prefix = {reason, ~0u}}; /* no network's: those end in zeros */
    if (!beyond(&key, second, PACE_OF_NAMESPACE))
        return false;
    const u16 side = out == syn ? TW_SIDE_PEER : TW_SIDE_LOCAL;
    hold(head, addresses, TW_REPEAT_DROP, side, (s32)reason);
    if (rst && !out)
        mark_busy(head, side, false, second);
    return true;
}

#endif
