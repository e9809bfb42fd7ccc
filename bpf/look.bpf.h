/*
 * What the collector looks at from time to time, namespace by namespace, so that no packet and no call costs anything: sockets where
 * something waits, and with --sample every connection. As snapshots do, the records leave through the iterator's own file.
 */
#include "totals.h"

static __always_inline bool open_state(u8 state)
{
    return state == TCP_ESTABLISHED || state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_CLOSE_WAIT ||
           state == TCP_LAST_ACK || state == TCP_CLOSING;
}

static __always_inline u64 inode_of(const struct sock *sk)
{
    if (bpf_core_field_exists(sk->sk_ino)) /* 6.18 */
        return sk->sk_ino;
    const struct socket_alloc *both = (const struct socket_alloc *)sk->sk_socket;
    return both ? BPF_CORE_READ(both, vfs_inode.i_ino) : 0;
}

static __always_inline void begin_look(struct tw_head *head, u8 *addresses, struct tcp_sock *tp, u8 kind, u8 probe)
{
    head->time_ns = bpf_ktime_get_boot_ns();
    head->kind = kind;
    head->probe = probe;
    head->cookie = cookie_of((struct sock *)tp);
    fill_socket(head, addresses, (struct sock *)tp);
}

/* Listeners always, connections only where data waits: the collector compares with what it saw before. */
SEC("iter/tcp")
int look_at_queues(struct bpf_iter__tcp *ctx)
{
    struct sock_common *common = ctx->sk_common;
    if (!common)
        return 0;
    struct tcp_sock *tp = bpf_skc_to_tcp_sock(common); /* NULL for request and TIME_WAIT sockets */
    if (!tp)
        return 0;
    struct sock *sk = (struct sock *)tp;
    RECORD(struct tw_queue_look) record = {};
    struct tw_queue *queue = &record.body.queue;
    const u8 state = sk->__sk_common.skc_state;
    if (state == TCP_LISTEN) {
        queue->accept_queue = sk->sk_ack_backlog;
        queue->accept_max = sk->sk_max_ack_backlog;
        queue->syn_queue = tp->inet_conn.icsk_accept_queue.qlen.counter;
        record.body.drops = sk->sk_drops.counter;
    } else if (open_state(state)) {
        const bool fin_received = state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK || state == TCP_CLOSING;
        const bool closed = sk->__sk_common.skc_flags >> SOCK_DEAD_BIT & 1;
        const u32 unread = tp->rcv_nxt - tp->copied_seq;
        queue->unread = closed ? 0 : unread && fin_received ? unread - 1 : unread;
        queue->receive_window = receive_window(tp);
        queue->unacknowledged = tp->write_seq - tp->snd_una;
        queue->send_window = tp->snd_wnd;
        queue->probes_out = tp->inet_conn.icsk_probes_out;
        queue->flags = sk->sk_socket ? TW_QUEUE_ACCEPTED : 0;
        if (sk->sk_wmem_queued >= sk->sk_sndbuf)
            queue->flags |= TW_QUEUE_SEND_BUFFER_FULL;
        const bool send_waits = queue->unacknowledged && (!queue->send_window || tp->inet_conn.icsk_pending == TW_TIMER_PROBE ||
                                                          queue->flags & TW_QUEUE_SEND_BUFFER_FULL);
        if (!queue->unread && !send_waits)
            return 0;
        record.body.send_waits = send_waits;
        record.body.copied_seq = tp->copied_seq;
        record.body.snd_una = tp->snd_una;
        queue->receive_buffer = sk->sk_rcvbuf;
        queue->send_buffer = sk->sk_sndbuf;
    } else {
        return 0;
    }
    begin_look(&record.head, record.addresses, tp, TW_QUEUE, TW_PROBE_QUEUE);
    if (!wanted(&record.head, record.addresses))
        return 0;
    record.body.inode = inode_of(sk);
    WRITE(ctx->meta->seq, record);
    return 0;
}

/* --sample: every connection. */
SEC("iter/tcp")
int sample_tcp(struct bpf_iter__tcp *ctx)
{
    struct sock_common *common = ctx->sk_common;
    if (!common)
        return 0;
    struct tcp_sock *tp = bpf_skc_to_tcp_sock(common);
    if (!tp || !open_state(tp->inet_conn.icsk_inet.sk.__sk_common.skc_state))
        return 0;
    RECORD(struct tw_sample) record = {};
    begin_look(&record.head, record.addresses, tp, TW_SAMPLE, TW_PROBE_SAMPLE);
    if (!wanted(&record.head, record.addresses))
        return 0;
    fill_tcp(&record.body.tcp, (struct sock *)tp);
    fill_totals(&record.body.totals, tp);
    record.body.snd_ssthresh = tp->snd_ssthresh;
    record.body.send_window = tp->snd_wnd;
    record.body.receive_window = receive_window(tp);
    record.body.unsent = tp->write_seq - tp->snd_nxt;
    WRITE(ctx->meta->seq, record);
    return 0;
}
