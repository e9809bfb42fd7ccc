/* --port, --host, --netns, --pid, --comm where they cost least. Loops end at constants that the verifier knows. */
#ifndef TCPWITNESS_FILTER_H
#define TCPWITNESS_FILTER_H

#include "segment.h"

#define FILTER options.filter

static __always_inline bool port_in(u32 side, u16 port)
{
    if (port == 0)
        return true; /* not known yet */
    for (u32 i = 0; i < FILTER.port_count[side] && i < TW_FILTER_PORTS; i++)
        if (port >= FILTER.port[side][i].first && port <= FILTER.port[side][i].last)
            return true;
    return false;
}

static __always_inline bool address_in(u32 side, u8 family, const u32 *words)
{
    const bool v6 = family == AF_INET6;
    if (words[0] == 0 && (!v6 || (words[1] == 0 && words[2] == 0 && words[3] == 0)))
        return true; /* wildcard, or not known yet */
    for (u32 i = 0; i < FILTER.prefix_count[side] && i < TW_FILTER_PREFIXES; i++) {
        if (FILTER.prefix[side][i].family != family)
            continue;
        if ((words[0] & FILTER.prefix[side][i].mask[0]) != FILTER.prefix[side][i].address[0])
            continue;
        if (!v6)
            return true;
        if ((words[1] & FILTER.prefix[side][i].mask[1]) == FILTER.prefix[side][i].address[1] &&
            (words[2] & FILTER.prefix[side][i].mask[2]) == FILTER.prefix[side][i].address[2] &&
            (words[3] & FILTER.prefix[side][i].mask[3]) == FILTER.prefix[side][i].address[3])
            return true;
    }
    return false;
}

static __always_inline bool netns_wanted(u32 netns)
{
    if (!FILTER.netns_count)
        return true;
    for (u32 i = 0; i < FILTER.netns_count && i < TW_FILTER_NETNS; i++)
        if (FILTER.netns[i] == netns)
            return true;
    return false;
}

static __always_inline bool flow_wanted(const struct tw_head *head, const u8 *addresses)
{
    if (!FILTER.active)
        return true;
    if (!netns_wanted(head->netns))
        return false;
    if (FILTER.port_count[TW_SIDE_EITHER] && !port_in(TW_SIDE_EITHER, head->local_port) && !port_in(TW_SIDE_EITHER, head->peer_port))
        return false;
    if (FILTER.port_count[TW_SIDE_LOCAL] && !port_in(TW_SIDE_LOCAL, head->local_port))
        return false;
    if (FILTER.port_count[TW_SIDE_PEER] && !port_in(TW_SIDE_PEER, head->peer_port))
        return false;
    if (head->family != AF_INET && head->family != AF_INET6)
        return true;
    const u32 *local = (const u32 *)addresses;
    const u32 *peer = head->family == AF_INET6 ? (const u32 *)addresses + 4 : (const u32 *)addresses + 1;
    if (FILTER.prefix_count[TW_SIDE_EITHER] && !address_in(TW_SIDE_EITHER, head->family, local) &&
        !address_in(TW_SIDE_EITHER, head->family, peer))
        return false;
    if (FILTER.prefix_count[TW_SIDE_LOCAL] && !address_in(TW_SIDE_LOCAL, head->family, local))
        return false;
    if (FILTER.prefix_count[TW_SIDE_PEER] && !address_in(TW_SIDE_PEER, head->family, peer))
        return false;
    return true;
}

static __always_inline bool comm_equal(const volatile char *wanted, const u8 *comm)
{
    for (int i = 0; i < TW_COMM_LEN; i++) {
        if ((u8)wanted[i] != comm[i])
            return false;
        if (!comm[i])
            return true;
    }
    return true;
}

static __always_inline bool task_wanted(u32 pid, const u8 *comm)
{
    if (!FILTER.by_task)
        return true;
    bool pid_ok = FILTER.pid_count == 0, comm_ok = FILTER.comm_count == 0;
    for (u32 i = 0; i < FILTER.pid_count && i < TW_FILTER_PIDS; i++)
        if (FILTER.pid[i] == pid)
            pid_ok = true;
    for (u32 i = 0; i < FILTER.comm_count && i < TW_FILTER_COMMS; i++)
        if (comm_equal(FILTER.comm[i], comm))
            comm_ok = true;
    return pid_ok && comm_ok;
}

/* The task is the current one. */
static __always_inline bool current_wanted(const struct task_struct *task)
{
    if (!FILTER.by_task)
        return true;
    u8 comm[TW_COMM_LEN] = {};
    bpf_get_current_comm(comm, sizeof(comm));
    return task_wanted(task->tgid, comm);
}

/* A task that the filter names has touched this socket: its events count from now on, from whatever context they come. */
static __always_inline void choose(u64 cookie)
{
    const u8 yes = 1;
    if (FILTER.by_task && cookie)
        bpf_map_update_elem(&chosen, &cookie, &yes, BPF_ANY);
}

/* A socket that data after its close destroys is answered by a RST after that: so it stays chosen until the next one of its CPU is gone. */
static __always_inline void forget_chosen(u64 cookie)
{
    if (!FILTER.by_task)
        return;
    const u32 cpu = bpf_get_smp_processor_id();
    struct tw_counters *mine = bpf_map_lookup_elem(&counters, &cpu);
    if (!mine)
        return;
    const u64 before = mine->last_gone;
    mine->last_gone = cookie;
    bpf_map_delete_elem(&chosen, &before);
}

/* Sockets without cookie (half-open connections, no socket at all) pass: they belong to no task yet. */
static __always_inline bool socket_wanted(u64 cookie)
{
    return !FILTER.by_task || !cookie || bpf_map_lookup_elem(&chosen, &cookie);
}

static __always_inline bool wanted(const struct tw_head *head, const u8 *addresses)
{
    if (!FILTER.active)
        return true;
    if (!flow_wanted(head, addresses) || !socket_wanted(head->cookie))
        return false;
    note_flow(head, addresses);
    return true;
}

#endif
