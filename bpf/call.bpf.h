/*
 * The application's calls, one record per call, made at its exit. The enter tracepoint only remembers time and arguments; what is still
 * inside a call when the recording ends is read from the map by the collector.
 */

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16384);
    __type(key, u64);
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

static __always_inline int call_enter(u8 op, s32 fd, s32 argument, const void *sockaddr, u64 length)
{
    const u64 id = bpf_get_current_pid_tgid();
    if ((u32)(id >> 32) == options.self_pid)
        return 0;
    struct tw_pending_call call = {};
    if (sockaddr) {
        u8 raw[TW_SOCKADDR_BYTES] = {};
        if (length < 16 || bpf_probe_read_user(raw, 16, sockaddr))
            return 0;
        const u16 family = *(u16 *)raw;
        if (family != AF_INET && (family != AF_INET6 || length < 24))
            return 0;
        call.family = family;
        call.port = bpf_ntohs(*(u16 *)&raw[2]);
        if (family == AF_INET)
            __builtin_memcpy(call.address, &raw[4], 4);
        else
            bpf_probe_read_user(call.address, 16, (const u8 *)sockaddr + 8);
    }
    if (FILTER.by_task && !current_wanted())
        return 0;
    call.enter_ns = bpf_ktime_get_boot_ns();
    call.fd = fd;
    call.argument = argument;
    call.op = op;
    fill_task(&call.task);
    if (bpf_map_update_elem(&pending_calls, &id, &call, BPF_ANY))
        count_lost(TW_PROBE_CALL_ENTER);
    return 0;
}

/* The open file behind a descriptor of the current task, if it is a TCP socket. `nonblocking` is the file's O_NONBLOCK. */
static __always_inline struct sock *tcp_socket_of(s32 fd, bool *nonblocking)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    struct fdtable *table = BPF_CORE_READ(task, files, fdt);
    if (fd < 0 || (u32)fd >= BPF_CORE_READ(table, max_fds))
        return NULL;
    struct file **files = BPF_CORE_READ(table, fd);
    struct file *file = NULL;
    if (bpf_probe_read_kernel(&file, sizeof(file), files + fd) || !file)
        return NULL;
    if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
        return NULL;
    struct socket *socket = BPF_CORE_READ(file, private_data);
    struct sock *sk = BPF_CORE_READ(socket, sk);
    if (!sk || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
        return NULL;
    const u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
    if (family != AF_INET && family != AF_INET6)
        return NULL;
    *nonblocking = BPF_CORE_READ(file, f_flags) & O_NONBLOCK;
    return sk;
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

static __always_inline int call_exit(u8 op, s64 ret)
{
    const u64 id = bpf_get_current_pid_tgid();
    const struct tw_pending_call *pending = bpf_map_lookup_elem(&pending_calls, &id);
    if (!pending)
        return 0;
    struct tw_pending_call call = *pending;
    bpf_map_delete_elem(&pending_calls, &id);
    if (call.op != op)
        return 0;

    RECORD(struct tw_call) record = {};
    bool nonblocking = false;
    struct sock *named = NULL, *sk;
    if (op == TW_CALL_ACCEPT) {
        named = tcp_socket_of(call.fd, &nonblocking);
        if (!named)
            return 0;
        bool ignored;
        sk = ret >= 0 ? tcp_socket_of((s32)ret, &ignored) : named;
    } else {
        sk = tcp_socket_of(op == TW_CALL_SOCKET ? (s32)ret : call.fd, &nonblocking);
    }
    if (!sk)
        return 0;
    fill_socket_untrusted(&record.head, record.addresses, sk);
    fill_from_argument(&record.head, record.addresses, &call);
    if (!flow_wanted(&record.head, record.addresses))
        return 0;
    if (named) {
        record.body.listener = BPF_CORE_READ(named, __sk_common.skc_cookie.counter);
        record.body.listener_id = scramble(named);
    }
    record.body.enter_ns = call.enter_ns;
    record.body.task = call.task;
    record.body.ret = (s32)ret;
    record.body.fd = call.fd;
    record.body.argument = call.argument;
    record.body.op = op;
    if (nonblocking)
        record.body.flags |= TW_CALL_NONBLOCK;
    remember_owner(call.task.pid);
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
