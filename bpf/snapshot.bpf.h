/*
 * Sockets that existed before the recorder: by open file, which tells the owner and reaches every network namespace, then by the
 * namespace's own table, which also holds those that no process has open. The collector reads both and drops what comes twice.
 * Records leave through the iterator's own file, so that none is lost however many there are.
 */

static __always_inline void fill_snapshot(struct tw_head *head, u8 *addresses, struct tw_snapshot *body, struct sock *sk, u8 probe)
{
    head->time_ns = bpf_ktime_get_boot_ns();
    head->kind = TW_SNAPSHOT;
    head->probe = probe;
    head->cookie = cookie_of(sk);
    fill_socket(head, addresses, sk);
    fill_tcp(&body->tcp, sk);
    if (head->state == TCP_LISTEN) {
        body->accept_queue = sk->sk_ack_backlog;
        body->accept_max = sk->sk_max_ack_backlog;
    }
}

#define WRITE(seq, record)                                                                                              \
    do {                                                                                                                \
        (record).head.size = __builtin_offsetof(typeof(record), addresses) + addresses_size(&(record).head);            \
        if ((record).head.family == AF_INET6)                                                                           \
            bpf_seq_write(seq, &(record), __builtin_offsetof(typeof(record), addresses) + 32);                          \
        else                                                                                                            \
            bpf_seq_write(seq, &(record), __builtin_offsetof(typeof(record), addresses) + 8);                           \
    } while (0)

SEC("iter/task_file")
int snapshot_files(struct bpf_iter__task_file *ctx)
{
    struct file *file = ctx->file;
    struct task_struct *task = ctx->task;
    if (!file || !task)
        return 0;
    struct socket *socket = bpf_sock_from_file(file);
    if (!socket)
        return 0;
    struct sock *sk = socket->sk;
    if (!sk || sk->sk_protocol != IPPROTO_TCP)
        return 0;
    const u16 family = sk->__sk_common.skc_family;
    if (family != AF_INET && family != AF_INET6)
        return 0;

    RECORD(struct tw_snapshot) record = {};
    fill_snapshot(&record.head, record.addresses, &record.body, sk, TW_PROBE_SNAPSHOT_FILES);
    const u32 pid = task->tgid;
    const u8 yes = 1;
    bpf_map_update_elem(&socket_owners, &pid, &yes, BPF_ANY);
    record.body.task.pid = pid;
    record.body.task.tid = task->pid;
    record.body.task.cgroup = task->cgroups->dfl_cgrp->kn->id;
    BPF_CORE_READ_INTO(&record.body.task.comm, task, comm);
    record.body.fd = ctx->fd;
    if (FILTER.by_task) {
        if (!task_wanted(pid, record.body.task.comm))
            return 0;
        choose(record.head.cookie);
    }
    if (wanted(&record.head, record.addresses))
        WRITE(ctx->meta->seq, record);
    return 0;
}

SEC("iter/tcp")
int snapshot_tcp(struct bpf_iter__tcp *ctx)
{
    struct sock_common *common = ctx->sk_common;
    if (!common)
        return 0;
    struct tcp_sock *tp = bpf_skc_to_tcp_sock(common); /* NULL for request and TIME_WAIT sockets */
    if (!tp)
        return 0;
    RECORD(struct tw_snapshot) record = {};
    fill_snapshot(&record.head, record.addresses, &record.body, (struct sock *)tp, TW_PROBE_SNAPSHOT_TCP);
    record.body.fd = -1;
    if (wanted(&record.head, record.addresses))
        WRITE(ctx->meta->seq, record);
    return 0;
}
