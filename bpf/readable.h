/*
 * Reading what lies behind a pointer that the verifier does not know: by plain loads where the kernel has bpf_rdonly_cast (a load that
 * faults reads 0), else by probe reads, which cost a call each. `options.plain_loads` is known when the program loads: the other way is gone
 * before it runs.
 */
#ifndef TCPWITNESS_READABLE_H
#define TCPWITNESS_READABLE_H

#include "ring.h"

#include <bpf/bpf_core_read.h>

extern void *bpf_rdonly_cast(const void *object, u32 btf_id) __ksym __weak;

/* `pointer` as a struct that may be read; only with options.plain_loads. */
#define AS(type, pointer) ((const struct type *)bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(struct type)))

/* One field of the struct behind any pointer; 0 when it cannot be read. */
#define READ(type, pointer, field)                                                                         \
    ({                                                                                                     \
        typeof(((struct type *)0)->field) value_ = 0;                                                      \
        if (options.plain_loads)                                                                           \
            value_ = AS(type, pointer)->field;                                                             \
        else                                                                                               \
            bpf_core_read((void *)&value_, sizeof(value_), &((const struct type *)(pointer))->field);              \
        value_;                                                                                            \
    })

/* The pointer that lies at `cell`. */
static __always_inline void *pointer_at(const void *cell)
{
    if (options.plain_loads)
        return AS(hlist_head, cell)->first; /* any struct that is one pointer */
    void *value = NULL;
    bpf_probe_read_kernel(&value, sizeof(value), cell);
    return value;
}

/* A packet's headers: an even number of bytes, at most `room` (a multiple of 8). False when they cannot be read. */
static __always_inline bool copy_headers(u8 *to, u32 room, const unsigned char *from, u32 bytes)
{
    if (!options.plain_loads)
        return bpf_probe_read_kernel(to, bytes, from) == 0;
    u32 at = 0;
    for (; at + 8 <= bytes && at < room; at += 8)
        *(u64 *)&to[at] = AS(timespec64, from + at)->tv_sec; /* any structs that begin with 8, 4 and 2 bytes */
    if (bytes & 4 && at < room) {
        *(u32 *)&to[at] = AS(in6_addr, from + at)->in6_u.u6_addr32[0];
        at += 4;
    }
    if (bytes & 2 && at < room)
        *(u16 *)&to[at] = AS(tcphdr, from + at)->source;
    return true;
}

#endif
