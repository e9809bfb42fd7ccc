/* The life of a full socket: state changes, errors reported to the application, destruction. */
#include "totals.h"

/*
 * The kernel builds the child of a listener: the copy has no addresses of its own yet, and a cookie made now would be overwritten
 * (inet_csk_clone_lock). SYN_RECV -> ESTABLISHED follows within the same softirq and tells the same.
 */
static __always_inline bool state_matters(const struct sock *sk, int old_state, int new_state)
{
    return (sk->sk_protocol == IPPROTO_TCP || sk->sk_protocol == IPPROTO_MPTCP) && !(old_state == TCP_LISTEN && new_state == TCP_SYN_RECV);
}

static __always_inline void tell_state(const struct sock *sk, u64 cookie, int old_state, int new_state)
{
    RECORD(struct tw_state) record = {};
    record.head.cookie = cookie;
    fill_socket(&record.head, record.addresses, sk);
    if (old_state == TCP_CLOSE) /* the cookie is new: calls before it were recorded by address */
        record.head.socket_id = socket_id_of(sk);
    record.head.state = new_state; /* the tracepoint fires before the store */
    const struct task_struct *task = current_task();
    const u64 id = id_of(task);
    record.body.pid = id >> 32;
    record.body.tid = (u32)id;
    record.body.old_state = old_state;
    record.body.new_state = new_state;
    if (new_state == TCP_CLOSE)
        record.body.soft_error = sk->sk_err_soft;
    if (new_state == TCP_LISTEN)
        record.body.argument = sk->sk_max_ack_backlog;
    else if (sk->sk_protocol == IPPROTO_MPTCP)
        record.body.argument = TW_STATE_MULTIPATH;
    if (FILTER.by_task && old_state == TCP_CLOSE && (new_state == TCP_SYN_SENT || new_state == TCP_LISTEN) && current_wanted(task))
        choose(cookie);
    if (new_state == TCP_SYN_SENT)
        connect_has_socket(id, &record.head, record.addresses);
    if (old_state == TCP_SYN_RECV && new_state == TCP_ESTABLISHED)
        knock_answered(&record.head, record.addresses, TW_SIDE_PEER);
    else if (old_state == TCP_SYN_SENT)
        connect_told(&record.head, record.addresses);
    if (wanted(&record.head, record.addresses))
        EMIT(record, TW_STATE, TW_PROBE_STATE);
}

static __always_inline u64 state_change(u64 cookie, int old_state, int new_state)
{
    return cookie << 8 | (u64)(old_state & 15) << 4 | (new_state & 15);
}

/* What on_state told last where the stand-in follows it: a softirq that comes between the two has a place of its own. */
static __always_inline u64 *state_told(struct tw_counters *mine, const void *ctx)
{
    return serving_softirq(ctx, current_task()) ? &mine->state_told[1] : &mine->state_told[0];
}

/*
 * Also runs while a process connects or closes, where an interrupt lets a softirq work off all packets that wait: none of their changes would
 * be seen (see Probe::stand_in). So each change that this program has told is noted, and the stand-in tells those that are not.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, const struct sock *sk, int old_state, int new_state)
{
    if (!state_matters(sk, old_state, new_state))
        return 0;
    const u64 cookie = cookie_of(sk);
    tell_state(sk, cookie, old_state, new_state);
    const u32 cpu = bpf_get_smp_processor_id();
    struct tw_counters *mine = bpf_map_lookup_elem(&counters, &cpu);
    if (mine)
        *state_told(mine, ctx) = state_change(cookie, old_state, new_state);
    return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state_stand_in, const struct sock *sk, int old_state, int new_state)
{
    if (!state_matters(sk, old_state, new_state))
        return 0;
    const u32 cpu = bpf_get_smp_processor_id();
    struct tw_counters *mine = bpf_map_lookup_elem(&counters, &cpu);
    if (!mine)
        return 0;
    const u64 known = sk->__sk_common.skc_cookie.counter; /* set by now, if on_state ran */
    u64 *told = state_told(mine, ctx);
    const bool done = known && *told == state_change(known, old_state, new_state);
    *told = 0; /* what is left is of an earlier change, from when there was no stand-in */
    if (done)
        return 0;
    mine->stood_in++;
    tell_state(sk, cookie_of(sk), old_state, new_state);
    return 0;
}

SEC("tp_btf/inet_sk_error_report")
int BPF_PROG(on_error, const struct sock *sk)
{
    enum { ECONNABORTED = 103 };
    const int error = sk->sk_err;
    if (sk->sk_protocol != IPPROTO_TCP || !error) /* tcp_disconnect() reports that an error is gone */
        return 0;
    RECORD(struct tw_error) record = {};
    record.head.cookie = cookie_of(sk);
    fill_socket(&record.head, record.addresses, sk);
    if (!wanted(&record.head, record.addresses))
        return 0;
    fill_tcp(&record.body.tcp, sk);
    record.body.error = error;
    struct task_struct *task = current_task();
    if (error == ECONNABORTED && !serving_softirq(ctx, task))
        fill_task(&record.body.task, task);
    const struct tcp_sock *tp = bpf_skc_to_tcp_sock((void *)sk);
    if (tp)
        record.body.user_timeout_ms = tp->inet_conn.icsk_user_timeout;
    EMIT(record, TW_ERROR, TW_PROBE_ERROR);
    return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(on_destroy, struct sock *sk)
{
    RECORD(struct tw_destroy) record = {};
    const struct tcp_sock *tp = tcp_of(sk);
    if (!tp || !tp->segs_out) /* never sent anything: its calls were recorded by address, and another recorder may have given it a cookie */
        record.head.socket_id = socket_id_of(sk);
    record.head.cookie = cookie_of(sk);
    fill_socket(&record.head, record.addresses, sk);
    if (!wanted(&record.head, record.addresses))
        return 0;
    if (tp)
        fill_totals(&record.body, tp);
    EMIT(record, TW_DESTROY, TW_PROBE_DESTROY);
    forget_chosen(record.head.cookie);
    return 0;
}
