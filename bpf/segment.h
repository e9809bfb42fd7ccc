/*
 * --segments: which segments besides SYN, FIN and RST are recorded. Packets carry no socket, so for --pid and --comm the tuples of the
 * chosen sockets are kept. Without --segments options.segments is a constant 0, and the verifier takes all of this out.
 */
#ifndef TCPWITNESS_SEGMENT_H
#define TCPWITNESS_SEGMENT_H

#include "emit.h"

struct flow_key {
    u32 netns;
    u16 local_port;
    u16 peer_port;
    u32 addresses[8]; /* local, peer, as in a record */
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1); /* --max-connections with --segments when filtering by task */
    __type(key, struct flow_key);
    __type(value, u8);
} chosen_flows SEC(".maps");

static __always_inline void fill_flow_key(struct flow_key *key, const struct tw_head *head, const u8 *addresses)
{
    key->netns = head->netns;
    key->local_port = head->local_port;
    key->peer_port = head->peer_port;
    __builtin_memcpy(key->addresses, addresses, sizeof(key->addresses));
}

/* A record of a chosen socket is about to leave: from now on its segments are known by their tuple. */
static __always_inline void note_flow(const struct tw_head *head, const u8 *addresses)
{
    if (!options.segments || !options.filter.by_task || !head->cookie || !head->local_port || !head->peer_port)
        return;
    struct flow_key key;
    const u8 yes = 1;
    fill_flow_key(&key, head, addresses);
    bpf_map_update_elem(&chosen_flows, &key, &yes, BPF_ANY);
}

/* Is a segment that is no SYN, FIN or RST of a socket that the filter chose? On loopback one packet belongs to both ends. */
static __always_inline bool segment_chosen(const struct tw_head *head, const u8 *addresses)
{
    if (!options.segments)
        return false;
    if (!options.filter.by_task)
        return true;
    struct flow_key key;
    fill_flow_key(&key, head, addresses);
    if (bpf_map_lookup_elem(&chosen_flows, &key))
        return true;
    key.local_port = head->peer_port;
    key.peer_port = head->local_port;
    const u32 *words = (const u32 *)addresses;
    if (head->family == AF_INET) {
        key.addresses[0] = words[1];
        key.addresses[1] = words[0];
    } else {
        __builtin_memcpy(&key.addresses[0], &words[4], 16);
        __builtin_memcpy(&key.addresses[4], &words[0], 16);
    }
    return bpf_map_lookup_elem(&chosen_flows, &key);
}

#endif
