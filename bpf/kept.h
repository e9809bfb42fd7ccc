/*
 * Handshakes beyond the pace. How many there are says nothing by itself: a busy server has thousands a second. So what counts is how many more
 * SYNs came in than connections came of them; beyond the pace their packets wait here instead of being recorded. When a connection comes of
 * them, they are recorded after all, with the times at which they passed. Else they are counted: when another packet needs the place, or when
 * the collector finds them grown old (live/kept_packets.h).
 */
#ifndef TCPWITNESS_KEPT_H
#define TCPWITNESS_KEPT_H

#include "repeats.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1); /* options.kept_sets */
    __type(key, u32);
    __type(value, struct tw_kept_set);
} kept_sets SEC(".maps");

/* While there is no flood, no network and no namespace is asked for below so many on the whole host: that spares the lookups. */
enum { FREE_KNOCKS = PACE_OF_PREFIX };
/* Those that answer SYNs which were recorded are fewer; but what a full SYN queue sends again may be more. */
enum { PACE_OF_SYN_ACKS = 4 * PACE_OF_NAMESPACE };
/* A half-open connection may live so long: by then its SYN-ACK has been sent again for the last time. */
enum { FLOOD_SECONDS = 64 };

/* SYNs that came in, less the connections that came of them, in that second. */
unsigned long long knocks_second;
int open_knocks;
/* When the last packet was kept (jiffies); 0: never. */
unsigned long long kept_last;

static __always_inline bool flooded(void)
{
    return kept_last && bpf_jiffies64() - kept_last < FLOOD_SECONDS * (u64)options.hz;
}

static __always_inline u64 mix(u64 hash, u64 word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15ull;
    return hash ^ hash >> 32;
}

/*
 * What ties a handshake's packets and its socket together: the one who knocks, because a packet filter may turn the other end's address into
 * another. `own_port`: of a connection that this end asked for, whose other end answers many; else 0.
 */
static __always_inline u64 handshake_of(const struct tw_head *head, const u8 *addresses, u16 side, u16 own_port)
{
    const u32 *words = (const u32 *)addresses;
    u64 hash = mix(options.secret, (u64)head->netns << 32 | (u32)port_on(head, side) << 16 | own_port);
    if (head->family == AF_INET)
        return mix(hash, words[side == TW_SIDE_LOCAL ? 0 : 1]);
    words += side == TW_SIDE_LOCAL ? 0 : 4;
    hash = mix(hash, (u64)words[0] << 32 | words[1]);
    return mix(hash, (u64)words[2] << 32 | words[3]);
}

static __always_inline u32 tag_of(u64 handshake) { return (u32)handshake | 2; /* neither free nor claimed */ }

static __always_inline struct tw_kept_set *kept_set_of(u64 handshake)
{
    const u32 number = (handshake >> 40) & (options.kept_sets - 1);
    return bpf_map_lookup_elem(&kept_sets, &number);
}

static __always_inline bool claim(u32 *tag, u32 of)
{
    return of != TW_KEPT_CLAIMED && __sync_val_compare_and_swap(tag, of, TW_KEPT_CLAIMED) == of;
}

static __always_inline void give(u32 *tag, u32 to) { __sync_lock_test_and_set(tag, to); }

static __always_inline bool is_kept(u64 handshake)
{
    const struct tw_kept_set *set = kept_set_of(handshake);
    if (!set)
        return false;
    for (u32 way = 0; way < TW_KEPT_WAYS; way++)
        if (set->tags[way] == tag_of(handshake))
            return true;
    return false;
}

/* What is to be kept: of which handshake, and as what it is counted when no connection comes of it (about the port on `side`). */
struct keeping {
    u64 handshake;
    u32 acked_by; /* the ACK number that tells that a SYN-ACK arrived; 0: none does */
    u16 side;
    u8 what;
};

/* Keeps a packet that would have been recorded, or counts it. `record` is laid out as in tw_kept. */
static __always_inline void keep(const void *record, const struct keeping *keeping)
{
    const struct tw_kept *packet = record; /* as far as its addresses */
    const u64 handshake = keeping->handshake;
    const u64 now = bpf_jiffies64();
    if (kept_last != now)
        kept_last = now;
    struct tw_kept_set *set = kept_set_of(handshake);
    if (!set)
        return;
    const u32 way = __sync_fetch_and_add(&set->next, 1) & (TW_KEPT_WAYS - 1);
    u32 *tag = &set->tags[way];
    struct tw_kept *kept = &set->packets[way];
    const u32 old = *(volatile u32 *)tag;
    if (!claim(tag, old)) {
        hold(&packet->head, packet->addresses, keeping->what, keeping->side, 0);
        return;
    }
    if (old != TW_KEPT_FREE)
        hold(&kept->head, kept->addresses, kept->what, kept->side, 0);
    __builtin_memcpy(kept, packet, __builtin_offsetof(struct tw_kept, side));
    kept->head.time_ns = bpf_ktime_get_boot_ns();
    kept->side = keeping->side;
    kept->what = keeping->what;
    kept->acked_by = keeping->acked_by;
    give(tag, tag_of(handshake));
}

/* A connection came of it: its packets are recorded. */
static __noinline int release(u64 handshake)
{
    if (!recording) /* what waits still is counted by the collector */
        return 0;
    struct tw_kept_set *set = kept_set_of(handshake);
    if (!set)
        return 0;
    for (u32 way = 0; way < TW_KEPT_WAYS; way++) {
        u32 *tag = &set->tags[way];
        if (*(volatile u32 *)tag != tag_of(handshake) || !claim(tag, tag_of(handshake)))
            continue;
        struct tw_kept *kept = &set->packets[way];
        const u8 probe = kept->body.direction == TW_OUT ? TW_PROBE_PACKET_OUT : TW_PROBE_PACKET_IN;
        emit(&kept->head, __builtin_offsetof(struct tw_kept, addresses), TW_PACKET, probe);
        give(tag, TW_KEPT_FREE);
    }
    return 0;
}

/* One more SYN from the peer. */
static __always_inline bool knocks_beyond_pace(const struct tw_head *head, const u8 *addresses)
{
    const u64 second = this_second();
    if (!flooded()) {
        if (knocks_second != second) {
            knocks_second = second;
            open_knocks = 0;
        }
        if (__sync_fetch_and_add(&open_knocks, 1) < FREE_KNOCKS)
            return false;
    }
    return beyond_pace(head, addresses, PACED_KNOCKS, second);
}

static __always_inline void one_knock_less(struct pace_key *key)
{
    struct pace *pace = bpf_map_lookup_elem(&paces, key);
    if (pace && pace->seen)
        __sync_fetch_and_add(&pace->seen, -1);
}

/* The handshake that the end on `side` began has become a connection, or is another host's. */
static __always_inline void knock_answered(const struct tw_head *head, const u8 *addresses, u16 side)
{
    const int open = open_knocks;
    const bool flood = flooded();
    if (!flood && open > 0)
        __sync_fetch_and_add(&open_knocks, -1);
    if (!flood && open <= FREE_KNOCKS)
        return;
    struct pace_key key = {.netns = head->netns, .paced = PACED_KNOCKS};
    one_knock_less(&key);
    if (side == TW_SIDE_PEER) {
        prefix_of(key.prefix, head, addresses);
        one_knock_less(&key);
    }
    if (flood)
        release(handshake_of(head, addresses, side, 0));
}

/* A socket of this host has left SYN_SENT, or sends its SYN again: what was kept of it has an owner. On lo its SYN came in too. */
static __always_inline void connect_told(const struct tw_head *head, const u8 *addresses)
{
    if (!flooded())
        return;
    release(handshake_of(head, addresses, TW_SIDE_PEER, head->local_port));
    release(handshake_of(head, addresses, TW_SIDE_LOCAL, 0));
}

/*
 * The sender (on `side`) of a segment that acknowledges `ack`: if that is his answer to a SYN-ACK that waits, a connection has come of it. It
 * tells so where no socket does, on a host that forwards; a number that was only guessed tells nothing.
 */
static __always_inline void handshake_acked(const struct tw_head *head, const u8 *addresses, u16 side, u32 ack)
{
    const u64 handshake = handshake_of(head, addresses, side, 0);
    const struct tw_kept_set *set = kept_set_of(handshake);
    if (!set || !ack) /* 0 stands for none, and in segments without ACK */
        return;
    for (u32 way = 0; way < TW_KEPT_WAYS; way++)
        if (set->tags[way] == tag_of(handshake) && set->packets[way].acked_by == ack) {
            release(handshake);
            return;
        }
}

/* Who made a packet that leaves: a TCP socket of this host, a program past TCP (AF_PACKET, SOCK_RAW), or nobody here. */
enum maker { MAKER_NONE, MAKER_TCP, MAKER_RAW };

/* What becomes of a SYN, SYN-ACK or RST that passes a device. KEPT: see keeping. */
enum fate { RECORDED, HELD, KEPT };

static __always_inline enum fate fate_of_syn(const struct tw_head *head, const u8 *addresses, bool out, enum maker maker, bool forwarded,
                                             struct keeping *keeping)
{
    const u16 side = out ? TW_SIDE_PEER : TW_SIDE_LOCAL;
    const u8 what = out ? TW_REPEAT_PACKET_OUT : TW_REPEAT_PACKET_IN;
    if (maker == MAKER_TCP)
        return RECORDED;
    if (maker == MAKER_RAW && beyond_pace(head, addresses, PACED_ANSWERS, this_second())) {
        mark_busy(head, side, true, this_second());
        hold(head, addresses, what, side, 0);
        return HELD;
    }
    const struct busy_port *port = busy_port_of(head, side);
    if (port && port->closed) {
        hold(head, addresses, what, side, 0);
        return HELD;
    }
    keeping->side = side;
    if (out) { /* the sender is this side's: it knocks at another host's port */
        const struct pace_key key = {.netns = head->netns, .paced = PACED_FORWARDED};
        if (!forwarded)
            return RECORDED;
        if (!beyond(&key, this_second(), PACE_OF_NAMESPACE)) {
            knock_answered(head, addresses, TW_SIDE_LOCAL);
            return RECORDED;
        }
        keeping->handshake = handshake_of(head, addresses, TW_SIDE_LOCAL, 0);
        keeping->what = TW_REPEAT_HANDSHAKE_OUT;
        return KEPT;
    }
    if (!knocks_beyond_pace(head, addresses))
        return RECORDED;
    keeping->handshake = handshake_of(head, addresses, TW_SIDE_PEER, 0);
    keeping->what = TW_REPEAT_HANDSHAKE_IN;
    return KEPT;
}

static __always_inline enum fate fate_of_syn_ack(const struct tw_head *head, const u8 *addresses, bool out, struct keeping *keeping)
{
    keeping->side = out ? TW_SIDE_LOCAL : TW_SIDE_PEER;
    keeping->what = out ? TW_REPEAT_HANDSHAKE_OUT : TW_REPEAT_HANDSHAKE_IN;
    if (!out && busy_port_of(head, SIDE_PEER_THAT_ANSWERS)) {
        keeping->handshake = handshake_of(head, addresses, TW_SIDE_PEER, head->local_port);
        return KEPT;
    }
    if (!flooded())
        return RECORDED;
    /* what comes in answers a connect of this host, or is forwarded, or has left on lo */
    keeping->handshake = handshake_of(head, addresses, out ? TW_SIDE_PEER : TW_SIDE_LOCAL, 0);
    const struct pace_key key = {.netns = head->netns, .paced = out ? PACED_SYN_ACKS : PACED_SYN_ACKS_IN};
    return is_kept(keeping->handshake) || beyond(&key, this_second(), PACE_OF_SYN_ACKS) ? KEPT : RECORDED;
}

static __always_inline enum fate fate_of_reset(const struct tw_head *head, const u8 *addresses, bool out, enum maker maker, bool forwarded,
                                               struct keeping *keeping)
{
    const u8 what = out ? TW_REPEAT_PACKET_OUT : TW_REPEAT_PACKET_IN;
    u16 side = out ? TW_SIDE_LOCAL : TW_SIDE_PEER; /* whose port it speaks for */
    if (maker == MAKER_TCP)
        return RECORDED;
    bool held = busy_port_of(head, side);
    if (!held && out && busy_port_of(head, SIDE_PEER_THAT_ANSWERS)) {
        side = TW_SIDE_PEER;
        held = true;
    }
    if (!held && flooded()) {
        /* the refusal of a SYN that waits: on its way to a socket of this host, which will say what came of it, or forwarded */
        keeping->handshake = handshake_of(head, addresses, out ? TW_SIDE_PEER : TW_SIDE_LOCAL, 0);
        keeping->side = side;
        keeping->what = what;
        if (forwarded && is_kept(keeping->handshake))
            return KEPT;
        if (is_kept(handshake_of(head, addresses, out ? TW_SIDE_LOCAL : TW_SIDE_PEER, 0))) { /* from the one who knocked */
            side = out ? TW_SIDE_PEER : TW_SIDE_LOCAL;
            held = true;
        }
    }
    if (held)
        hold(head, addresses, what, side, 0);
    return held ? HELD : RECORDED;
}

/* The SYN-ACK of a half-open connection was sent again. */
static __always_inline bool hold_syn_ack_again(const struct tw_head *head, const u8 *addresses)
{
    if (!flooded() || !beyond_pace(head, addresses, PACED_SYN_ACKS_AGAIN, this_second()))
        return false;
    hold(head, addresses, TW_REPEAT_SYNACK_RETRANSMIT, TW_SIDE_LOCAL, 0);
    return true;
}

#endif
