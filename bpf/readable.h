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

#endif
