/* Maps, the record header, and the one way in which a record leaves a program. */
#ifndef TCPWITNESS_EMIT_H
#define TCPWITNESS_EMIT_H

#include "readable.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

/* One for each possible CPU. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1); /* possible CPUs, set by the loader */
    __type(key, u32);
    __type(value, struct tw_counters);
} counters SEC(".maps");

/* Sockets that --pid or --comm chose, by cookie. Empty without such a filter. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1); /* --max-connections when filtering by task */
    __type(key, u64);
    __type(value, u8);
} chosen SEC(".maps");

/*
 * 1 while records are made. The loader sets it once all programs are attached and takes it back before it detaches the first one, which takes tens
 * of milliseconds for each: so a recording begins and ends at one moment for all of them, and what one tells is not missing from another.
 */
unsigned int recording;

/* Room behind a body for the addresses of either family. */
#define RECORD(body_type)       \
    struct {                    \
        struct tw_head head;    \
        body_type body;         \
        u8 addresses[32];       \
    }

static __always_inline u32 scramble(u64 address)
{
    return (u32)(((address ^ options.secret) * 0x9E3779B97F4A7C15ull) >> 32);
}

/* The verifier allows no arithmetic on a pointer that it knows, but for the distance to another one. Where pointers are known (plain
 * loads), all of them are; else the number is taken from memory. */
static __always_inline u32 socket_id_of(const struct sock *sk)
{
    if (options.plain_loads)
        return scramble((u64)sk - (u64)&options);
    u64 address = 0;
    bpf_probe_read_kernel(&address, sizeof(address), &sk);
    return scramble(address);
}

static __always_inline u64 cookie_of(const struct sock *sk)
{
    const u64 known = sk->__sk_common.skc_cookie.counter;
    return known ? known : bpf_get_socket_cookie((void *)sk);
}

static __always_inline u32 jiffies_to_ms(u64 jiffies)
{
    return (u32)(jiffies * options.jiffy_ms >> 20);
}

/* The current task by one helper call in each program; the rest are plain loads, at a fraction of what the other helpers cost. */
static __always_inline struct task_struct *current_task(void) { return bpf_get_current_task_btf(); }

/* As bpf_get_current_pid_tgid. */
static __always_inline u64 id_of(const struct task_struct *task)
{
    return (u64)task->tgid << 32 | (u32)task->pid;
}

static __always_inline void fill_task(struct tw_task *to, const struct task_struct *task)
{
    to->pid = task->tgid;
    to->tid = task->pid;
    to->cgroup = task->cgroups->dfl_cgrp->kn->id;
    __builtin_memcpy(to->comm, task->comm, sizeof(to->comm));
}

static __always_inline bool mapped_v4(const u32 *v6)
{
    return v6[0] == 0 && v6[1] == 0 && v6[2] == bpf_htonl(0xffff);
}

/* Header and addresses of a socket that the verifier trusts: plain loads. Also right for request and TIME_WAIT sockets. The cookie says
 * which socket; where records without cookie come before (state) or may never get one (destroy), the caller adds the socket_id. */
static __always_inline void fill_socket(struct tw_head *head, u8 *addresses, const struct sock *sk)
{
    head->netns = sk->__sk_common.skc_net.net->ns.inum;
    head->state = sk->__sk_common.skc_state;
    head->local_port = sk->__sk_common.skc_num;
    head->peer_port = bpf_ntohs(sk->__sk_common.skc_dport);
    head->family = sk->__sk_common.skc_family;
    u32 *words = (u32 *)addresses;
    if (head->family == AF_INET6) {
        u32 peer[4];
        peer[0] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[0];
        peer[1] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[1];
        peer[2] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[2];
        peer[3] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[3];
        if (!mapped_v4(peer)) {
            words[0] = sk->__sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[0];
            words[1] = sk->__sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[1];
            words[2] = sk->__sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[2];
            words[3] = sk->__sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[3];
            words[4] = peer[0];
            words[5] = peer[1];
            words[6] = peer[2];
            words[7] = peer[3];
            return;
        }
        head->family = AF_INET;
    }
    words[0] = sk->__sk_common.skc_rcv_saddr;
    words[1] = sk->__sk_common.skc_daddr;
}

/*
 * Without plain loads: one probe read of the whole range instead of one for each field, then loads at the offsets that the running kernel's
 * BTF gives.
 */
#define CHUNK_FIELD(type, chunk, struct_name, field) (*(type *)((chunk) + bpf_core_field_offset(struct struct_name, field)))
#define SOCK_COMMON_BYTES 104 /* reaches behind skc_cookie; the verifier checks every load against it */

/* False when the socket speaks neither IPv4 nor IPv6. As above, a caller whose records may lack a cookie adds the socket_id. */
static __always_inline bool fill_socket_untrusted(struct tw_head *head, u8 *addresses, const struct sock *sk)
{
    if (options.plain_loads) {
        const struct sock *readable = AS(sock, sk);
        head->cookie = readable->__sk_common.skc_cookie.counter;
        fill_socket(head, addresses, readable);
        return head->family == AF_INET || head->family == AF_INET6;
    }
    u64 words_of_common[SOCK_COMMON_BYTES / 8];
    const u8 *common = (const u8 *)words_of_common;
    if (bpf_probe_read_kernel(words_of_common, sizeof(words_of_common), sk))
        return false;
    head->cookie = CHUNK_FIELD(u64, common, sock_common, skc_cookie);
    const struct net *net = CHUNK_FIELD(const struct net *, common, sock_common, skc_net);
    head->netns = BPF_CORE_READ(net, ns.inum);
    head->state = CHUNK_FIELD(u8, common, sock_common, skc_state);
    head->local_port = CHUNK_FIELD(u16, common, sock_common, skc_num);
    head->peer_port = bpf_ntohs(CHUNK_FIELD(u16, common, sock_common, skc_dport));
    head->family = CHUNK_FIELD(u16, common, sock_common, skc_family);
    u32 *words = (u32 *)addresses;
    if (head->family == AF_INET6) {
        const u32 *local = &CHUNK_FIELD(u32, common, sock_common, skc_v6_rcv_saddr);
        const u32 *peer = &CHUNK_FIELD(u32, common, sock_common, skc_v6_daddr);
        if (!mapped_v4(peer)) {
            for (int i = 0; i < 4; i++) {
                words[i] = local[i];
                words[4 + i] = peer[i];
            }
            return true;
        }
        head->family = AF_INET;
    }
    words[0] = CHUNK_FIELD(u32, common, sock_common, skc_rcv_saddr);
    words[1] = CHUNK_FIELD(u32, common, sock_common, skc_daddr);
    return head->family == AF_INET;
}

/* NULL when it is not a full TCP socket; with plain loads the caller knows that it is one. */
static __always_inline const struct tcp_sock *tcp_of(const struct sock *sk)
{
    return options.plain_loads ? AS(tcp_sock, sk) : bpf_skc_to_tcp_sock((void *)sk);
}

static __always_inline void fill_tcp(struct tw_tcp *to, const struct sock *sk)
{
    const struct tcp_sock *tp = tcp_of(sk);
    if (!tp)
        return;
    const u32 now = (u32)bpf_jiffies64();
    to->snd_una = tp->snd_una;
    to->snd_nxt = tp->snd_nxt;
    to->write_seq = tp->write_seq;
    to->rcv_nxt = tp->rcv_nxt;
    to->copied_seq = tp->copied_seq;
    to->srtt_us = tp->srtt_us >> 3;
    to->rto_us = jiffies_to_ms(tp->inet_conn.icsk_rto) * 1000;
    to->snd_cwnd = tp->snd_cwnd;
    /* 0 means never: then there is no idle time to tell */
    to->recv_idle_ms = tp->inet_conn.icsk_ack.lrcvtime ? jiffies_to_ms(now - tp->inet_conn.icsk_ack.lrcvtime) : 0;
    to->send_idle_ms = tp->lsndtime ? jiffies_to_ms(now - tp->lsndtime) : 0;
    to->ca_state = BPF_CORE_READ_BITFIELD(&tp->inet_conn, icsk_ca_state);
    to->retransmits = tp->inet_conn.icsk_retransmits;
    to->backoff = tp->inet_conn.icsk_backoff;
    to->probes_out = tp->inet_conn.icsk_probes_out;
    to->pending = tp->inet_conn.icsk_pending;
    to->shutdown = tp->inet_conn.icsk_inet.sk.sk_shutdown;
    to->socket_dead = tp->inet_conn.icsk_inet.sk.__sk_common.skc_flags >> SOCK_DEAD_BIT & 1;
}

static __always_inline u32 addresses_size(const struct tw_head *head)
{
    return head->family == AF_INET ? 8 : head->family == AF_INET6 ? 32 : 0;
}

/*
 * Gives the record its number and sends it, or counts it as lost. `fixed` bytes end before the addresses: a record always has room for
 * two of 4 bytes, which are sent as padding by one that has none, and says so in its size.
 */
static __always_inline void emit(struct tw_head *head, const u32 fixed, u8 kind, u8 probe)
{
    if (!*(volatile unsigned int *)&recording) /* asked before the time is: what is left out is younger than the end */
        return;
    const u32 cpu = bpf_get_smp_processor_id();
    struct tw_counters *mine = bpf_map_lookup_elem(&counters, &cpu);
    if (!mine)
        return;
    if (!head->time_ns)
        head->time_ns = bpf_ktime_get_boot_ns();
    head->cpu = cpu;
    head->kind = kind;
    head->probe = probe;
    head->seq = __sync_fetch_and_add(&mine->seq, 1) + 1;
    const bool v6 = head->family == AF_INET6;
    if (!v6 && head->family != AF_INET)
        head->family = 0;
    head->size = fixed + addresses_size(head);
    const u32 short_bytes = (fixed + 8 + 7) & ~7u, long_bytes = (fixed + 32 + 7) & ~7u;
    const u32 slot_bytes = 8 + (v6 ? long_bytes : short_bytes);
    u64 *slot = reserve(mine, cpu < options.rings ? cpu : 0, slot_bytes);
    if (!slot) {
        struct tw_count *count = &mine->probe[probe];
        count->lost++;
        count->last_lost_ns = head->time_ns;
        return;
    }
    const u64 *from = (const u64 *)head;
    for (u32 i = 0; i < short_bytes / 8; i++)
        slot[1 + i] = from[i];
    if (v6)
        for (u32 i = short_bytes / 8; i < long_bytes / 8; i++)
            slot[1 + i] = from[i];
    complete(slot, slot_bytes);
}

#define EMIT(record, kind, probe)                                                                      \
    do {                                                                                               \
        _Static_assert(8 + sizeof(record) <= TW_CHUNK_OVERHANG, "a slot must fit behind a chunk's end"); \
        emit(&(record).head, __builtin_offsetof(typeof(record), addresses), kind, probe);              \
    } while (0)

#endif
