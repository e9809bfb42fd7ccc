/* Calls that are inside the kernel, by the low bits of the thread id: two lookups in an array cost a fraction of what a hash costs. Of two
 * threads that share a slot while both are inside a call, one loses the time of its enter. */
#ifndef TCPWITNESS_PENDING_H
#define TCPWITNESS_PENDING_H

#include "filter.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, TW_PENDING_CALLS);
    __type(key, u32);
    __type(value, struct tw_pending_call);
} pending_calls SEC(".maps");

/* Processes that touched a TCP socket: whose exit is worth a record. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 65536);
    __type(key, u32);
    __type(value, u8);
} socket_owners SEC(".maps");

static __always_inline struct tw_pending_call *slot_of(u64 pid_tgid)
{
    const u32 slot = (u32)pid_tgid & (TW_PENDING_CALLS - 1);
    return bpf_map_lookup_elem(&pending_calls, &slot);
}

/* The socket of the thread's connect() has left CLOSE: what the exit of that call will need to say is at hand here. */
static __always_inline void connect_has_socket(u64 id, const struct tw_head *head, const u8 *addresses)
{
    struct tw_pending_call *call = slot_of(id);
    if (!call || call->pid_tgid != id || call->op != TW_CALL_CONNECT)
        return;
    call->cookie = head->cookie;
    call->netns = head->netns;
    call->socket_id = head->socket_id;
    call->peer_port = head->peer_port;
    call->family = head->family;
    __builtin_memcpy(call->addresses, addresses, sizeof(call->addresses));
}

#endif
