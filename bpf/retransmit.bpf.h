/* What the stack sends again: segments of full sockets, and SYN-ACKs of connections that have no socket yet. */

/* `error` is the third argument from 6.17 on: `options` says whether the running kernel has it. */
SEC("tp_btf/tcp_retransmit_skb")
int on_retransmit(u64 *ctx)
{
    const struct sock *sk = (const struct sock *)ctx[0];
    const struct sk_buff *skb = (const struct sk_buff *)ctx[1];
    RECORD(struct tw_retransmit) record = {};
    record.head.cookie = cookie_of(sk);
    fill_socket(&record.head, record.addresses, sk);
    if (!wanted(&record.head, record.addresses))
        return 0;
    fill_tcp(&record.body.tcp, sk);
    const struct tcp_skb_cb *cb = (const struct tcp_skb_cb *)skb->cb;
    record.body.seq = BPF_CORE_READ(cb, seq);
    record.body.end_seq = BPF_CORE_READ(cb, end_seq);
    if (record.head.state == TCP_SYN_SENT) {
        record.body.what = TW_RETX_SYN;
        connect_told(&record.head, record.addresses);
    } else if (record.head.state == TCP_SYN_RECV)
        record.body.what = TW_RETX_SYNACK;
    else if (record.body.tcp.pending == TW_TIMER_LOSS_PROBE)
        record.body.what = TW_RETX_LOSS_PROBE;
    else if (record.body.tcp.ca_state == TCP_CA_LOSS)
        record.body.what = TW_RETX_RTO;
    else
        record.body.what = TW_RETX_FAST;
    if (options.retransmit_error)
        record.body.error = (s32)ctx[2];
    EMIT(record, TW_RETRANSMIT, TW_PROBE_RETRANSMIT);
    return 0;
}

SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(on_synack_retransmit, const struct sock *sk, const struct request_sock *req)
{
    RECORD(struct tw_synack_retransmit) record = {};
    fill_socket(&record.head, record.addresses, (const struct sock *)req);
    if (sk)
        record.head.cookie = cookie_of(sk);
    if (!wanted(&record.head, record.addresses) || hold_syn_ack_again(&record.head, record.addresses))
        return 0;
    const struct tcp_request_sock *treq = (const struct tcp_request_sock *)req;
    record.body.sent_isn = BPF_CORE_READ(treq, snt_isn);
    record.body.received_isn = BPF_CORE_READ(treq, rcv_isn);
    if (bpf_core_field_exists(req->timeout))
        record.body.timeout_ms = jiffies_to_ms(req->timeout);
    record.body.retransmits = req->num_retrans;
    record.body.timeouts = BPF_CORE_READ_BITFIELD_PROBED(req, num_timeout);
    EMIT(record, TW_SYNACK_RETRANSMIT, TW_PROBE_SYNACK_RETRANSMIT);
    return 0;
}
