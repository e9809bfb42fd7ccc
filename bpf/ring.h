/*
 * From the programs to the collector: one ring for each CPU, in memory that both map. A program copies its record in with plain stores,
 * where the kernel's own ring buffer takes a lock and a call for each.
 *
 * A ring is a row of chunks. A slot is a mark (8 bytes: the slot's length once the record is complete, 0 before) and the record, and may
 * reach beyond its chunk's end into the chunk's own overhang, so that no record is split. The collector wipes what it has taken and only
 * then moves `taken`: where no record has been completed yet, it finds 0.
 *
 * Programs that interrupt each other on one CPU, or two CPUs that share a ring because one was plugged in later, each reserve with one
 * atomic addition. The room that was seen before may be gone by then: TW_RING_SPARE is never given away, so that the last ones fit.
 */
#ifndef TCPWITNESS_RING_H
#define TCPWITNESS_RING_H

#include "kernel_types.h"
#include "options.h"

#include <bpf/bpf_helpers.h>

const volatile struct tw_options options;

struct ring_chunk { u8 bytes[TW_CHUNK_BYTES + TW_CHUNK_OVERHANG]; };

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1); /* rings * chunks in a ring, set by the loader (--buffer) */
    __type(key, u32);
    __type(value, struct ring_chunk);
} rings SEC(".maps");

/* Written by the collector. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1); /* rings, set by the loader */
    __type(key, u32);
    __type(value, struct tw_taken);
} rings_taken SEC(".maps");

/* Carries no records: an entry wakes the collector. */
struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} wake SEC(".maps");

static __always_inline void wake_collector(void)
{
    const u64 nothing = 0;
    bpf_ringbuf_output(&wake, (void *)&nothing, sizeof(nothing), BPF_RB_FORCE_WAKEUP);
}

/* The stores of a slot come before its mark. x86 keeps the order of stores; elsewhere an exchange is a full barrier. */
static __always_inline void complete(u64 *mark, u64 length)
{
#if defined(__TARGET_ARCH_x86)
    asm volatile("" ::: "memory");
    *(volatile u64 *)mark = length;
#else
    __sync_lock_test_and_set(mark, length);
#endif
}

/* A slot of `bytes` (a multiple of 8, the mark included), or NULL when the ring is full. */
static __always_inline u64 *reserve(struct tw_counters *mine, u32 ring, u32 bytes)
{
    const struct tw_taken *taken = bpf_map_lookup_elem(&rings_taken, &ring);
    if (!taken)
        return NULL;
    const u64 used = *(volatile u64 *)&mine->reserved - *(volatile u64 *)&taken->position;
    if (used >= options.wake_bytes && (mine->seq & 63) == 0)
        wake_collector();
    if (used + bytes > options.ring_bytes - TW_RING_SPARE)
        return NULL;
    const u64 position = __sync_fetch_and_add(&mine->reserved, bytes);
    const u32 chunk = ring * options.ring_chunks + ((position / TW_CHUNK_BYTES) & (options.ring_chunks - 1));
    struct ring_chunk *memory = bpf_map_lookup_elem(&rings, &chunk);
    if (!memory)
        return NULL;
    return (u64 *)&memory->bytes[position & (TW_CHUNK_BYTES - 8)];
}

#endif
