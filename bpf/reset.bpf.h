/* Resets that this host's TCP received for a socket, and those that it sent, with its reason where the kernel tells it. */

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(on_reset_in, struct sock *sk)
{
    RECORD(struct tw_reset_in) record = {};
    record.head.cookie = cookie_of(sk);
    fill_socket(&record.head, record.addresses, sk);
    if (!wanted(&record.head, record.addresses))
        return 0;
    fill_tcp(&record.body.tcp, sk);
    EMIT(record, TW_RESET_IN, TW_PROBE_RESET_IN);
    return 0;
}

static __always_inline bool is_syn_ack(u8 flags) { return (flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK); }

/* Reads the segment that the reset answers: its TCP numbers, and, when no socket lends them, the addresses. */
static __always_inline void fill_answered(struct tw_head *head, u8 *addresses, struct tw_reset_out *body, const struct sk_buff *skb,
                                          bool with_addresses)
{
    const unsigned char *base = skb->head;
    u8 tcp[16];
    if (bpf_probe_read_kernel(tcp, sizeof(tcp), base + skb->transport_header))
        return;
    body->seq = bpf_ntohl(*(u32 *)&tcp[4]);
    body->ack = bpf_ntohl(*(u32 *)&tcp[8]);
    body->segment_flags = tcp[13];
    if (!with_addresses)
        return;
    head->local_port = bpf_ntohs(*(u16 *)&tcp[2]);
    head->peer_port = bpf_ntohs(*(u16 *)&tcp[0]);
    if (!head->netns) /* what has found a socket has left its device behind */
        head->netns = skb->dev->nd_net.net->ns.inum;
    const unsigned char *ip = base + skb->network_header;
    u32 *words = (u32 *)addresses;
    u8 version = 0;
    bpf_probe_read_kernel(&version, 1, ip);
    if (version >> 4 == 4) {
        bpf_probe_read_kernel(&words[0], 4, ip + 16);
        bpf_probe_read_kernel(&words[1], 4, ip + 12);
        head->family = AF_INET;
    } else if (version >> 4 == 6) {
        bpf_probe_read_kernel(&words[0], 16, ip + 24);
        bpf_probe_read_kernel(&words[4], 16, ip + 8);
        head->family = AF_INET6;
    }
}

static __always_inline void fill_linger(struct tw_reset_out *body, const struct sock *sk)
{
    body->flags |= TW_RESET_LINGER_TOLD;
    if (!(sk->__sk_common.skc_flags >> SOCK_LINGER_BIT & 1))
        return;
    body->flags |= TW_RESET_LINGER;
    body->linger_s = options.hz ? (u32)(sk->sk_lingertime / options.hz) : 0;
}

/* `reason` is read only where the tracepoint has it (kernel 6.10 and later): `options` says so, and the verifier drops the rest. */
SEC("tp_btf/tcp_send_reset")
int on_reset_out(u64 *ctx)
{
    const struct sock *sk = (const struct sock *)ctx[0];
    const struct sk_buff *skb = (const struct sk_buff *)ctx[1];
    RECORD(struct tw_reset_out) record = {};
    u8 state = 0;
    if (sk)
        state = sk->__sk_common.skc_state;
    const bool full = sk && state != TCP_NEW_SYN_RECV && state != TCP_TIME_WAIT;
    /* a listener answers for connections that it does not have: the segment's addresses tell which */
    const bool own = full && state != TCP_LISTEN;
    if (full)
        record.head.cookie = cookie_of(sk);
    if (full && !own)
        record.body.listener = record.head.cookie;
    if (sk)
        fill_socket(&record.head, record.addresses, sk);
    /* a socket that the segment itself closed has no port any more */
    if (skb)
        fill_answered(&record.head, record.addresses, &record.body, skb, !own || !record.head.local_port);
    if (skb)
        record.body.flags |= TW_RESET_ANSWER;
    if (!own)
        record.body.flags |= TW_RESET_NO_SOCKET;
    if (!own)
        record.head.cookie = 0;
    if (!wanted(&record.head, record.addresses))
        return 0;
    const s32 reason = options.reset_reason ? (s32)ctx[2] : 0;
    if (skb && !own && hold_reset(&record.head, record.addresses, is_syn_ack(record.body.segment_flags), !sk, reason))
        return 0;
    if (own) {
        fill_tcp(&record.body.tcp, sk);
        fill_linger(&record.body, sk);
    }
    if (own && !skb) {
        struct task_struct *task = current_task();
        record.body.by = reset_by(ctx, sk, task);
        if (record.body.by != TW_RESET_BY_KERNEL)
            fill_task(&record.body.task, task);
    }
    if (options.reset_reason) {
        record.body.reason = reason;
        record.body.flags |= TW_RESET_REASON;
    }
    EMIT(record, TW_RESET_OUT, TW_PROBE_RESET_OUT);
    return 0;
}
