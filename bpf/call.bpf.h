/*
 * The application's calls, one record per call, made at its exit. The enter tracepoint only remembers time and arguments; what is still
 * inside a call when the recording ends is read from the slots by the collector.
 */

static __always_inline int call_enter(u8 op, s32 fd, s32 argument, u64 sockaddr)
{
    if (!recording)
        return 0;
    const struct task_struct *task = current_task();
    const u64 id = id_of(task);
    if ((u32)(id >> 32) == options.self_pid || !current_wanted(task))
        return 0;
    struct tw_pending_call *call = slot_of(id);
    if (!call)
        return 0;
    call->pid_tgid = id;
    call->fd = fd;
    call->argument = argument;
    call->sockaddr = sockaddr;
    call->cookie = 0;
    call->route_table = 0;
    call->route_type = 0;
    call->enter_ns = bpf_ktime_get_boot_ns();
    call->op = op;
    return 0;
}

/* Takes the end that the address argument names. A refused connect has wiped it from the socket, a bind may not have got that far. False
 * when it is no IP address. */
static __always_inline bool fill_from_argument(struct tw_head *head, u8 *addresses, const struct tw_pending_call *call)
{
    u32 *words = (u32 *)addresses;
    const bool connect = call->op == TW_CALL_CONNECT;
    u32 raw[7] = {}; /* struct sockaddr_in, or sockaddr_in6 */
    if (bpf_probe_read_user(raw, 16, (const void *)call->sockaddr))
        return false;
    const u16 family = (u16)raw[0];
    if (family != AF_INET && family != AF_INET6)
        return false;
    if (family == AF_INET6 && bpf_probe_read_user(&raw[4], 8, (const u8 *)call->sockaddr + 16))
        return false;
    const u16 port = bpf_ntohs(raw[0] >> 16);
    if (connect)
        head->peer_port = port;
    else if (!head->local_port)
        head->local_port = port;
    if (family == AF_INET6 && !mapped_v4(&raw[2])) {
        if (head->family != AF_INET6)
            return true;
        u32 *to = connect ? &words[4] : &words[0];
        to[0] = raw[2];
        to[1] = raw[3];
        to[2] = raw[4];
        to[3] = raw[5];
        return true;
    }
    const u32 v4 = family == AF_INET ? raw[1] : raw[5];
    if (head->family == AF_INET6) { /* an IPv6 socket that speaks IPv4 */
        words[0] = 0;
        words[1] = 0;
        head->family = AF_INET;
    }
    words[connect ? 1 : 0] = v4;
    return true;
}

/* Once per thread: the lookup costs more than the rest of the test. */
static __always_inline void remember_owner(u64 id, struct tw_pending_call *slot)
{
    const u32 pid = id >> 32;
    const u8 yes = 1;
    if (slot->noted == id)
        return;
    slot->noted = id;
    bpf_map_update_elem(&socket_owners, &pid, &yes, BPF_ANY);
}

/*
 * A call that began before the recorder (a server blocked in accept) has no slot: its descriptor is still in the saved registers, its
 * enter time stays 0. socket() is always recorded this way: it does nothing that takes time.
 */
static __always_inline bool find_call(struct tw_pending_call *call, struct tw_pending_call *slot, struct task_struct *task, u8 op)
{
    const u64 id = id_of(task);
    if (slot->pid_tgid == id && slot->op == op) {
        slot->op = 0;
        call->op = op;
        call->fd = slot->fd;
        call->argument = slot->argument;
        call->enter_ns = slot->enter_ns;
        call->sockaddr = slot->sockaddr;
        call->cookie = slot->cookie;
        return true;
    }
    if ((op != TW_CALL_ACCEPT && op != TW_CALL_CONNECT && op != TW_CALL_SOCKET) || (u32)(id >> 32) == options.self_pid || !current_wanted(task))
        return false;
    call->op = op;
    call->fd = -1;
    if (op != TW_CALL_SOCKET) {
        struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
        call->fd = (s32)PT_REGS_PARM1_CORE_SYSCALL(registers);
        call->sockaddr = PT_REGS_PARM2_CORE_SYSCALL(registers);
    }
    return true;
}

/* Which socket the call was about: header, addresses, and for accept the listener. False when it is not TCP. */
static __always_inline bool find_socket(struct tw_head *head, u8 *addresses, struct tw_call *body, struct tw_pending_call *slot,
                                        const struct tw_pending_call *call, struct task_struct *task, s64 ret)
{
    if (call->cookie) {
        head->cookie = call->cookie;
        head->netns = slot->netns;
        head->socket_id = slot->socket_id;
        head->peer_port = slot->peer_port;
        head->family = slot->family;
        __builtin_memcpy(addresses, slot->addresses, sizeof(slot->addresses));
        return true;
    }
    const bool makes_socket = call->op == TW_CALL_SOCKET || (call->op == TW_CALL_ACCEPT && ret >= 0);
    const struct sock *sk = socket_of_fd(task, makes_socket ? (s32)ret : call->fd);
    if (!sk || READ(sock, sk, sk_protocol) != IPPROTO_TCP)
        return false;
    head->socket_id = socket_id_of(sk);
    if (call->op == TW_CALL_SOCKET) { /* it has no address yet, and belongs to the namespace of its maker */
        head->netns = task->nsproxy->net_ns->ns.inum;
        head->state = TCP_CLOSE;
        return true;
    }
    if (!fill_socket_untrusted(head, addresses, sk))
        return false;
    if (call->op == TW_CALL_CONNECT || call->op == TW_CALL_BIND)
        return fill_from_argument(head, addresses, call);
    if (call->op == TW_CALL_ACCEPT) {
        const struct sock *listener = makes_socket ? socket_of_fd(task, call->fd) : sk;
        if (!listener) /* another thread has closed it meanwhile */
            return true;
        body->listener = READ(sock, listener, __sk_common.skc_cookie.counter);
        body->listener_id = socket_id_of(listener);
    }
    return true;
}

/*
 * A thread that polls calls accept() until it finds nothing (EAGAIN); one that has no descriptor left (EMFILE) may call it without end. Of those that
 * fail alike on one listener, one a second is recorded; the next record of the thread's accept() tells how many more there were.
 */
static __always_inline bool failed_alike(struct tw_pending_call *slot, const struct tw_head *head, struct tw_call *body, s32 ret)
{
    const u32 now = (u32)bpf_jiffies64();
    if (ret < 0 && ret == slot->failed_result && body->listener == slot->failed_listener && now - slot->failed_since < options.hz) {
        slot->failed_more++;
        return true;
    }
    body->argument = slot->failed_more;
    slot->failed_more = 0;
    slot->failed_result = ret < 0 ? ret : 0;
    slot->failed_listener = body->listener;
    slot->failed_since = now;
    slot->failed_netns = head->netns;
    return false;
}

static __always_inline int call_exit(u8 op, s64 ret)
{
    enum { EBADF = 9, ENOTSOCK = 88, EAGAIN = 11, EINPROGRESS = 115 };
    if (!recording) /* the slots stay as they were at the end: the collector reads who is inside a call */
        return 0;
    struct task_struct *task = current_task();
    const u64 id = id_of(task);
    struct tw_pending_call *slot = slot_of(id);
    struct tw_pending_call call = {};
    if (!slot || !find_call(&call, slot, task, op) || ret == -EBADF || ret == -ENOTSOCK)
        return 0;
    RECORD(struct tw_call) record = {};
    if (!find_socket(&record.head, record.addresses, &record.body, slot, &call, task, ret) || !flow_wanted(&record.head, record.addresses))
        return 0;
    fill_task(&record.body.task, task);
    record.body.enter_ns = call.enter_ns;
    record.body.ret = (s32)ret;
    record.body.fd = call.fd;
    record.body.argument = call.argument;
    record.body.op = op;
    if (op == TW_CALL_ACCEPT && failed_alike(slot, &record.head, &record.body, (s32)ret))
        return 0;
    if (ret == -EINPROGRESS || ret == -EAGAIN)
        record.body.flags |= TW_CALL_NONBLOCK;
    remember_owner(id, slot);
    choose(record.head.cookie);
    note_flow(&record.head, record.addresses);
    if (op == TW_CALL_CONNECT && !call.cookie && slot->pid_tgid == id)
        emit_failed_connect(&record.head, record.addresses, slot, task, call.fd, ret);
    EMIT(record, TW_CALL, TW_PROBE_CALL_EXIT);
    return 0;
}

#define CALL(name, op, fd, argument, sockaddr)           \
    SEC("tracepoint/syscalls/sys_enter_" #name)          \
    int enter_##name(struct syscall_enter *ctx)          \
    {                                                    \
        return call_enter(op, fd, argument, sockaddr);   \
    }                                                    \
    SEC("tracepoint/syscalls/sys_exit_" #name)           \
    int exit_##name(struct syscall_exit *ctx)            \
    {                                                    \
        return call_exit(op, ctx->ret);                  \
    }

SEC("tracepoint/syscalls/sys_exit_socket")
int exit_socket(struct syscall_exit *ctx)
{
    return ctx->ret < 0 ? 0 : call_exit(TW_CALL_SOCKET, ctx->ret);
}

CALL(bind, TW_CALL_BIND, (s32)ctx->args[0], 0, ctx->args[1])
CALL(listen, TW_CALL_LISTEN, (s32)ctx->args[0], (s32)ctx->args[1], 0)
CALL(connect, TW_CALL_CONNECT, (s32)ctx->args[0], 0, ctx->args[1])
CALL(accept, TW_CALL_ACCEPT, (s32)ctx->args[0], 0, 0)
CALL(accept4, TW_CALL_ACCEPT, (s32)ctx->args[0], 0, 0)
CALL(shutdown, TW_CALL_SHUTDOWN, (s32)ctx->args[0], (s32)ctx->args[1], 0)
