/*
 * setsockopt() of the options that change how TCP behaves, at its exit: which socket, which option and which value are still in the saved
 * registers then. And getsockopt() of SO_ERROR: an error that did not end the socket at once (an ICMP error while the process was inside
 * connect()) is told nowhere else, and gone then.
 */

enum { SOL_SOCKET = 1, SO_ERROR = 4, SO_SNDBUF = 7, SO_RCVBUF = 8, SO_KEEPALIVE = 9, SO_LINGER = 13, SO_REUSEPORT = 15 };
enum { TCP_NODELAY = 1, TCP_KEEPIDLE = 4, TCP_KEEPINTVL = 5, TCP_KEEPCNT = 6, TCP_SYNCNT = 7, TCP_DEFER_ACCEPT = 9, TCP_QUICKACK = 12,
       TCP_USER_TIMEOUT = 18 };
enum { TCP_NAGLE_OFF = 1 };

#define OPTION_BIT(option) (1u << (option))
#define SOCKET_OPTIONS                                                                                                  \
    (OPTION_BIT(SO_SNDBUF) | OPTION_BIT(SO_RCVBUF) | OPTION_BIT(SO_KEEPALIVE) | OPTION_BIT(SO_LINGER) | OPTION_BIT(SO_REUSEPORT))
#define TCP_OPTIONS                                                                                                     \
    (OPTION_BIT(TCP_NODELAY) | OPTION_BIT(TCP_KEEPIDLE) | OPTION_BIT(TCP_KEEPINTVL) | OPTION_BIT(TCP_KEEPCNT) |        \
     OPTION_BIT(TCP_SYNCNT) | OPTION_BIT(TCP_DEFER_ACCEPT) | OPTION_BIT(TCP_QUICKACK) | OPTION_BIT(TCP_USER_TIMEOUT))

static __always_inline bool option_matters(u32 level, u32 option)
{
    const u32 known = level == SOL_SOCKET ? SOCKET_OPTIONS : level == IPPROTO_TCP ? TCP_OPTIONS : 0;
    return option < 32 && (known >> option & 1);
}

/* What the usual calls have set stands in the socket, where a load costs a fraction of a read of the caller's memory. False: not there. */
static __always_inline bool value_from_socket(s32 *value, const struct sock *sk, u32 level, u32 option)
{
    if (!options.plain_loads)
        return false;
    const unsigned long flags = sk->__sk_common.skc_flags;
    if (level == SOL_SOCKET && option == SO_LINGER) {
        value[0] = flags >> SOCK_LINGER_BIT & 1;
        value[1] = value[0] && options.hz ? (s32)(sk->sk_lingertime / options.hz) : 0;
        return true;
    }
    if (level == SOL_SOCKET && option == SO_KEEPALIVE) {
        value[0] = flags >> SOCK_KEEPOPEN_BIT & 1;
        return true;
    }
    if (level == IPPROTO_TCP && option == TCP_NODELAY) {
        const struct tcp_sock *tp = AS(tcp_sock, sk);
        value[0] = BPF_CORE_READ_BITFIELD(tp, nonagle) & TCP_NAGLE_OFF;
        return true;
    }
    return false;
}

SEC("tracepoint/syscalls/sys_exit_setsockopt")
int exit_setsockopt(struct syscall_exit *ctx)
{
    enum { EBADF = 9, ENOTSOCK = 88 };
    struct task_struct *task = current_task();
    struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
    const u32 level = (u32)PT_REGS_PARM2_SYSCALL(registers), option = (u32)PT_REGS_PARM3_SYSCALL(registers);
    if (!option_matters(level, option) || ctx->ret == -EBADF || ctx->ret == -ENOTSOCK)
        return 0;
    const u64 id = id_of(task);
    if ((u32)(id >> 32) == options.self_pid || !current_wanted(task))
        return 0;
    const s32 fd = (s32)PT_REGS_PARM1_SYSCALL(registers);
    const struct sock *sk = socket_of_fd(task, fd);
    if (!sk || READ(sock, sk, sk_protocol) != IPPROTO_TCP)
        return 0;
    RECORD(struct tw_option) record = {};
    record.head.socket_id = socket_id_of(sk);
    if (!fill_socket_untrusted(&record.head, record.addresses, sk) || !flow_wanted(&record.head, record.addresses))
        return 0;
    s32 value[2] = {}; /* an int, or struct linger */
    const void *from = (const void *)PT_REGS_PARM4_SYSCALL(registers);
    if ((ctx->ret != 0 || !value_from_socket(value, sk, level, option)) &&
        bpf_probe_read_user(value, option == SO_LINGER && level == SOL_SOCKET ? 8 : 4, from) && ctx->ret == 0)
        return 0;
    record.body.pid = id >> 32;
    record.body.tid = (u32)id;
    record.body.fd = fd;
    record.body.ret = (s32)ctx->ret;
    record.body.level = level;
    record.body.option = option;
    record.body.value = value[0];
    record.body.linger_s = value[1];
    choose(record.head.cookie);
    EMIT(record, TW_OPTION, TW_PROBE_OPTION);
    return 0;
}

SEC("tracepoint/syscalls/sys_exit_getsockopt")
int exit_getsockopt(struct syscall_exit *ctx)
{
    struct task_struct *task = current_task();
    struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
    const u32 level = (u32)PT_REGS_PARM2_SYSCALL(registers), option = (u32)PT_REGS_PARM3_SYSCALL(registers);
    s32 error = 0;
    if (level != SOL_SOCKET || option != SO_ERROR || ctx->ret != 0 ||
        bpf_probe_read_user(&error, sizeof(error), (const void *)PT_REGS_PARM4_SYSCALL(registers)) || !error)
        return 0;
    const u64 id = id_of(task);
    if ((u32)(id >> 32) == options.self_pid || !current_wanted(task))
        return 0;
    const s32 fd = (s32)PT_REGS_PARM1_SYSCALL(registers);
    const struct sock *sk = socket_of_fd(task, fd);
    if (!sk || READ(sock, sk, sk_protocol) != IPPROTO_TCP)
        return 0;
    RECORD(struct tw_option) record = {};
    record.head.socket_id = socket_id_of(sk);
    if (!fill_socket_untrusted(&record.head, record.addresses, sk) || !flow_wanted(&record.head, record.addresses))
        return 0;
    record.body.pid = id >> 32;
    record.body.tid = (u32)id;
    record.body.fd = fd;
    record.body.level = level;
    record.body.option = option;
    record.body.value = error;
    choose(record.head.cookie);
    EMIT(record, TW_OPTION, TW_PROBE_OPTION);
    return 0;
}
