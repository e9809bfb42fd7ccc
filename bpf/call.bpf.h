/*
 * The application's calls, one record per call, made at its exit. The enter tracepoint only remembers time and arguments; what is still
 * inside a call when the recording ends is read from the map by the collector.
 */

/* By the low bits of the thread id: two lookups in an array cost a fraction of what a hash costs. Of two threads that share a slot while
 * both are inside a call, one loses the time of its enter. */
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

static __always_inline void remember_owner(u32 pid)
{
    const u8 yes = 1;
    if (!bpf_map_lookup_elem(&socket_owners, &pid))
        bpf_map_update_elem(&socket_owners, &pid, &yes, BPF_ANY);
}

static __always_inline struct tw_pending_call *slot_of(u64 pid_tgid)
{
    const u32 slot = (u32)pid_tgid & (TW_PENDING_CALLS - 1);
    return bpf_map_lookup_elem(&pending_calls, &slot);
}

static __always_inline int call_enter(u8 op, s32 fd, s32 argument, const void *sockaddr, u64 length)
{
    const u64 id = bpf_get_current_pid_tgid();
    if ((u32)(id >> 32) == options.self_pid)
        return 0;
    u16 header[2] = {};
    if (sockaddr) {
        if (length < 16 || bpf_probe_read_user(header, sizeof(header), sockaddr))
            return 0;
        if (header[0] != AF_INET && (header[0] != AF_INET6 || length < 24))
            return 0;
    }
    if (FILTER.by_task && !current_wanted())
        return 0;
    struct tw_pending_call *call = slot_of(id);
    if (!call)
        return 0;
    call->pid_tgid = id;
    call->fd = fd;
    call->argument = argument;
    call->family = header[0];
    call->port = bpf_ntohs(header[1]);
    if (header[0] == AF_INET)
        bpf_probe_read_user(call->address, 4, (const u8 *)sockaddr + 4);
    else if (header[0] == AF_INET6)
        bpf_probe_read_user(call->address, 16, (const u8 *)sockaddr + 8);
    call->enter_ns = bpf_ktime_get_boot_ns();
    call->op = op;
    return 0;
}

/* The socket behind a descriptor of the current task. `nonblocking`, unless NULL, gets the file's O_NONBLOCK. */
static __always_inline struct sock *socket_of_fd(s32 fd, bool *nonblocking)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct fdtable *table = task->files->fdt;
    if (fd < 0 || (u32)fd >= table->max_fds)
        return NULL;
    struct file *file = NULL;
    if (bpf_probe_read_kernel(&file, sizeof(file), table->fd + fd) || !file)
        return NULL;
    struct socket *socket = BPF_CORE_READ(file, private_data);
    if (!socket || BPF_CORE_READ(socket, file) != file) /* only a socket points back */
        return NULL;
    if (nonblocking)
        *nonblocking = BPF_CORE_READ(file, f_flags) & O_NONBLOCK;
    return BPF_CORE_READ(socket, sk);
}

/* The address argument tells the end that the socket does not know: after a refused connect it has been wiped. */
static __always_inline void fill_from_argument(struct tw_head *head, u8 *addresses, const struct tw_pending_call *call)
{
    u32 *words = (u32 *)addresses;
    const u32 *given = (const u32 *)call->address;
    const bool connect = call->op == TW_CALL_CONNECT;
    if (call->op != TW_CALL_CONNECT && call->op != TW_CALL_BIND)
        return;
    if (connect && head->peer_port)
        return;
    if (connect)
        head->peer_port = call->port;
    else if (!head->local_port)
        head->local_port = call->port;
    if (call->family == AF_INET6 && !mapped_v4(given)) {
        if (head->family != AF_INET6)
            return;
        u32 *to = connect ? &words[4] : &words[0];
        to[0] = given[0];
        to[1] = given[1];
        to[2] = given[2];
        to[3] = given[3];
        return;
    }
    const u32 v4 = call->family == AF_INET ? given[0] : given[3];
    if (head->family == AF_INET6) { /* an IPv6 socket that speaks IPv4 */
        words[0] = 0;
        words[1] = 0;
        head->family = AF_INET;
    }
    if (connect)
        words[1] = v4;
    else
        words[0] = v4;
}

/*
 * A call that began before the recorder (a server blocked in accept) has no slot: its descriptor is still in the saved registers, its
 * enter time stays 0.
 */
static __always_inline int call_exit(u8 op, s64 ret)
{
    const u64 id = bpf_get_current_pid_tgid();
    struct tw_pending_call *slot = slot_of(id);
    if (!slot)
        return 0;
    struct tw_pending_call ours = {};
    const struct tw_pending_call *call = &ours;
    if (slot->pid_tgid == id && slot->op == op) {
        slot->op = 0;
        call = slot;
    } else {
        if ((op != TW_CALL_ACCEPT && op != TW_CALL_CONNECT) || (u32)(id >> 32) == options.self_pid || !current_wanted())
            return 0;
        struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
        ours.fd = (s32)PT_REGS_PARM1_CORE_SYSCALL(registers);
        ours.op = op;
    }

    RECORD(struct tw_call) record = {};
    bool nonblocking = false;
    struct sock *listener = NULL, *sk;
    if (op == TW_CALL_ACCEPT) {
        listener = socket_of_fd(call->fd, &nonblocking);
        if (!listener)
            return 0;
        sk = ret >= 0 ? socket_of_fd((s32)ret, NULL) : listener;
    } else {
        sk = socket_of_fd(op == TW_CALL_SOCKET ? (s32)ret : call->fd, &nonblocking);
    }
    if (!sk || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
        return 0;
    if (!fill_socket_untrusted(&record.head, record.addresses, sk))
        return 0;
    fill_from_argument(&record.head, record.addresses, call);
    if (!flow_wanted(&record.head, record.addresses))
        return 0;
    if (listener) {
        record.body.listener = BPF_CORE_READ(listener, __sk_common.skc_cookie.counter);
        record.body.listener_id = scramble(listener);
    }
    fill_task(&record.body.task);
    record.body.enter_ns = call->enter_ns;
    record.body.ret = (s32)ret;
    record.body.fd = call->fd;
    record.body.argument = call->argument;
    record.body.op = op;
    if (nonblocking)
        record.body.flags |= TW_CALL_NONBLOCK;
    remember_owner(record.body.task.pid);
    choose(record.head.cookie);
    EMIT(record, TW_CALL, TW_PROBE_CALL_EXIT);
    return 0;
}

/* An ordinary call has no more arguments than these; the rest of the table is the system call and its operation. */
#define CALL(name, op, fd, argument, sockaddr, length)                                   \
    SEC("tracepoint/syscalls/sys_enter_" #name)                                          \
    int enter_##name(struct syscall_enter *ctx)                                          \
    {                                                                                    \
        return call_enter(op, fd, argument, (const void *)(sockaddr), length);           \
    }                                                                                    \
    SEC("tracepoint/syscalls/sys_exit_" #name)                                           \
    int exit_##name(struct syscall_exit *ctx)                                            \
    {                                                                                    \
        return call_exit(op, ctx->ret);                                                  \
    }

SEC("tracepoint/syscalls/sys_enter_socket")
int enter_socket(struct syscall_enter *ctx)
{
    const u32 family = ctx->args[0], type = ctx->args[1] & 0xf;
    if ((family != AF_INET && family != AF_INET6) || type != SOCK_STREAM)
        return 0;
    return call_enter(TW_CALL_SOCKET, -1, type, NULL, 0);
}

SEC("tracepoint/syscalls/sys_exit_socket")
int exit_socket(struct syscall_exit *ctx)
{
    return call_exit(TW_CALL_SOCKET, ctx->ret);
}

CALL(bind, TW_CALL_BIND, (s32)ctx->args[0], 0, ctx->args[1], ctx->args[2])
CALL(listen, TW_CALL_LISTEN, (s32)ctx->args[0], (s32)ctx->args[1], NULL, 0)
CALL(connect, TW_CALL_CONNECT, (s32)ctx->args[0], 0, ctx->args[1], ctx->args[2])
CALL(accept, TW_CALL_ACCEPT, (s32)ctx->args[0], 0, NULL, 0)
CALL(accept4, TW_CALL_ACCEPT, (s32)ctx->args[0], 0, NULL, 0)
CALL(shutdown, TW_CALL_SHUTDOWN, (s32)ctx->args[0], (s32)ctx->args[1], NULL, 0)
