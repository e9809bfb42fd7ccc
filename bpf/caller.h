/* Is the current task the one that asked for this, and with which system call? */
#ifndef TCPWITNESS_CALLER_H
#define TCPWITNESS_CALLER_H

#include "emit.h"

enum { PF_EXITING = 4, PF_KTHREAD = 0x200000 };
enum { LEAST_STACK = 16384 }; /* of a task, on any kernel */

/* A softirq (a packet, a timer) may run on any task's time: the current one has nothing to do with it. It has a stack of its own, or is a kernel
 * thread's; `ctx`, a tracepoint's arguments, lies on the stack that is in use. */
static __always_inline bool serving_softirq(const void *ctx, const struct task_struct *task)
{
    u64 address = 0; /* the verifier allows no arithmetic on the pointer itself */
    bpf_probe_read_kernel(&address, sizeof(address), &ctx);
    return task->flags & PF_KTHREAD || address - (u64)task->stack >= LEAST_STACK;
}

/* Of a task that exits it is whichever it was in last. */
static __always_inline s32 system_call_of(struct task_struct *task)
{
    const struct pt_regs *registers = (const struct pt_regs *)bpf_task_pt_regs(task);
#if defined(__TARGET_ARCH_x86)
    return (s32)BPF_CORE_READ(registers, orig_ax);
#else
    return BPF_CORE_READ(registers, syscallno);
#endif
}

#if defined(__TARGET_ARCH_x86)
enum { NR_read = 0, NR_write = 1, NR_writev = 20, NR_connect = 42, NR_sendto = 44, NR_sendmsg = 46, NR_sendmmsg = 307 };
#else
enum { NR_read = 63, NR_write = 64, NR_writev = 66, NR_connect = 203, NR_sendto = 206, NR_sendmsg = 211, NR_sendmmsg = 269 };
#endif

/* A request to another part of the kernel goes out by one of these: netlink. */
static __always_inline bool sends(s32 call)
{
    return call == NR_sendto || call == NR_sendmsg || call == NR_sendmmsg || call == NR_write || call == NR_writev;
}

/* What made this socket reset of its own accord. No other system call than these destroys a foreign socket: netlink's, and reading a BPF
 * iterator, which never shut it down before, as close() does. */
static __always_inline u8 reset_by(const void *ctx, const struct sock *sk, struct task_struct *task)
{
    enum { SHUTDOWN_BOTH = 3 };
    if (serving_softirq(ctx, task))
        return TW_RESET_BY_KERNEL;
    const bool exiting = task->flags & PF_EXITING;
    const bool closing = sk->sk_shutdown == SHUTDOWN_BOTH;
    const u8 state = sk->__sk_common.skc_state;
    const bool closed_before = state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2;
    const s32 call = system_call_of(task);
    if (!exiting && ((sends(call) && (!closing || closed_before)) || (call == NR_read && !closing)))
        return TW_RESET_BY_DESTROY;
    if (closing)
        return TW_RESET_BY_CLOSE;
    if (!sk->sk_socket)
        return TW_RESET_BY_LISTENER;
    return call == NR_connect ? TW_RESET_BY_CONNECT : TW_RESET_BY_UNKNOWN;
}

#endif
