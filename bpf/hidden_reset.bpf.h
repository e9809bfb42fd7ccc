/*
 * Resets that no tracepoint shows, seen where the kernel lets programs hang on functions. The programs run before the function's own tests,
 * and repeat the one that matters: a RST is never answered by a RST.
 */

enum { NF_INET_LOCAL_OUT = 3 };

static __always_inline void swap_ends(struct tw_head *head, u8 *addresses)
{
    u32 *words = (u32 *)addresses;
    const u16 port = head->local_port;
    head->local_port = head->peer_port;
    head->peer_port = port;
    if (head->family == AF_INET) {
        const u32 local = words[0];
        words[0] = words[1];
        words[1] = local;
        return;
    }
    for (int i = 0; i < 4; i++) {
        const u32 local = words[i];
        words[i] = words[4 + i];
        words[4 + i] = local;
    }
}

static __always_inline int hidden_reset(const struct net *net, const struct sk_buff *skb, u8 flags, u8 hook, bool closed, u8 probe)
{
    RECORD(struct tw_reset_out) record = {};
    fill_answered(&record.head, record.addresses, &record.body, skb, true);
    if (!record.head.family || record.body.segment_flags & TCP_RST)
        return 0;
    if (net)
        record.head.netns = BPF_CORE_READ(net, ns.inum);
    if (flags & TW_RESET_FIREWALL && hook == NF_INET_LOCAL_OUT) /* it answers our own segment: that one's sender is the local end */
        swap_ends(&record.head, record.addresses);
    if (!wanted(&record.head, record.addresses))
        return 0;
    if (!(flags & TW_RESET_FIREWALL) && hold_reset(&record.head, record.addresses, is_syn_ack(record.body.segment_flags), closed, 0))
        return 0;
    record.body.flags = TW_RESET_ANSWER | TW_RESET_NO_SOCKET | flags;
    record.body.hook = hook;
    EMIT(record, TW_RESET_OUT, probe);
    return 0;
}

/* A packet filter rejects with a RST. */
SEC("fentry/nf_send_reset")
int BPF_PROG(on_firewall_reset, struct net *net, struct sock *sk, struct sk_buff *skb, int hook)
{
    return hidden_reset(net, skb, TW_RESET_FIREWALL, hook, false, TW_PROBE_NF_RESET);
}

SEC("fentry/nf_send_reset6")
int BPF_PROG(on_firewall_reset6, struct net *net, struct sock *sk, struct sk_buff *skb, int hook)
{
    return hidden_reset(net, skb, TW_RESET_FIREWALL, hook, false, TW_PROBE_NF_RESET);
}

/* Before 6.10 tcp_send_reset is silent where there is no full socket: a closed port, a half-open connection, TIME_WAIT. */
static __always_inline int answer_reset(const struct sock *sk, const struct sk_buff *skb)
{
    const u8 state = sk ? BPF_CORE_READ(sk, __sk_common.skc_state) : TCP_TIME_WAIT;
    if (state != TCP_NEW_SYN_RECV && state != TCP_TIME_WAIT)
        return 0;
    return hidden_reset(NULL, skb, 0, 0, !sk, TW_PROBE_RESET_ANSWER);
}

SEC("fentry/tcp_v4_send_reset")
int BPF_PROG(on_answer_reset, const struct sock *sk, struct sk_buff *skb)
{
    return answer_reset(sk, skb);
}

SEC("fentry/tcp_v6_send_reset")
int BPF_PROG(on_answer_reset6, const struct sock *sk, struct sk_buff *skb)
{
    return answer_reset(sk, skb);
}
