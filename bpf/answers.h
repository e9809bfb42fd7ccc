/*
 * A SYN is answered by a SYN-ACK or a RST, which are recorded, or by a bare ACK, which usually is not: where it meets an older connection of the same
 * ports, in TIME_WAIT or open still. So a SYN that comes in leaves its ports in a table, and what answers it takes them out again. A place is
 * shared by what falls on it, and addresses are not compared: what is missed or taken in addition is one bare ACK.
 */
#ifndef TCPWITNESS_ANSWERS_H
#define TCPWITNESS_ANSWERS_H

#include "emit.h"

#define AWAITED_ANSWERS 1024 /* a power of two */

/* Ports in the upper half, as the answer has them; jiffies in the lower. */
unsigned long long awaited_answers[AWAITED_ANSWERS];
/* Jiffies of the last SYN: while none comes, a segment costs this one comparison. */
unsigned int last_awaited;

static __always_inline bool within_a_second(u32 jiffies) { return (u32)bpf_jiffies64() - jiffies < options.hz; }

static __always_inline bool answers_awaited(void) { return last_awaited && within_a_second(last_awaited); }

static __always_inline unsigned long long *place_of(u32 ports)
{
    return &awaited_answers[(ports * 0x9E3779B1u >> 16) & (AWAITED_ANSWERS - 1)];
}

/* Ports as on the wire. */
static __always_inline u32 ports_of(u16 source, u16 destination) { return (u32)source << 16 | destination; }

static __always_inline void await_answer(u16 syn_source, u16 syn_destination)
{
    const u32 ports = ports_of(syn_destination, syn_source), now = (u32)bpf_jiffies64();
    *place_of(ports) = (u64)ports << 32 | now;
    if (last_awaited != now)
        last_awaited = now;
}

static __always_inline bool answers_syn(u16 source, u16 destination)
{
    const u32 ports = ports_of(source, destination);
    const u64 awaited = *place_of(ports);
    return awaited >> 32 == ports && within_a_second((u32)awaited);
}

/* It need not be awaited any more. */
static __always_inline void answer_seen(u16 source, u16 destination)
{
    if (answers_syn(source, destination))
        *place_of(ports_of(source, destination)) = 0;
}

#endif
