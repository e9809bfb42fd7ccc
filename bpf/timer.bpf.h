/*
 * The retransmit timer and the keepalive timer of a socket. Armed is recorded when it matters: in the handshake and once something was not acknowledged. A
 * healthy connection re-arms it with every ACK, and that would be most of a trace.
 */

static __always_inline const struct inet_connection_sock *socket_of(const struct timer_list *timer)
{
    if (bpf_core_field_exists(struct inet_connection_sock, icsk_retransmit_timer))
        return (const void *)((const char *)timer - bpf_core_field_offset(struct inet_connection_sock, icsk_retransmit_timer));
    if (bpf_core_field_exists(struct sock, tcp_retransmit_timer)) /* 6.19 */
        return (const void *)((const char *)timer - bpf_core_field_offset(struct sock, tcp_retransmit_timer));
    return NULL;
}

/* Fired is recorded when a probe goes out or the connection is given up, armed while probes stay unanswered. The same timer ends FIN_WAIT2. */
static __always_inline int on_keepalive(struct timer_list *timer, u64 expires, u8 what, u8 probe)
{
    const struct inet_connection_sock *icsk;
    if (bpf_core_field_exists(struct inet_connection_sock, icsk_keepalive_timer)) /* 6.19 */
        icsk = (const void *)((const char *)timer - bpf_core_field_offset(struct inet_connection_sock, icsk_keepalive_timer));
    else
        icsk = (const void *)((const char *)timer - bpf_core_field_offset(struct sock, sk_timer));
    const struct tcp_sock *tp = (const struct tcp_sock *)icsk;
    const struct sock *sk = (const struct sock *)icsk;
    const u8 probes_out = READ(inet_connection_sock, icsk, icsk_probes_out);
    if (what == TW_TIMER_ARMED && probes_out < 2)
        return 0;
    if (!(READ(sock, sk, __sk_common.skc_flags) >> SOCK_KEEPOPEN_BIT & 1))
        return 0;
    const u32 now = (u32)bpf_jiffies64();
    const u32 since_data = now - READ(inet_connection_sock, icsk, icsk_ack.lrcvtime), since_ack = now - READ(tcp_sock, tp, rcv_tstamp);
    const u32 silent = since_data < since_ack ? since_data : since_ack;
    if (what == TW_TIMER_FIRED) {
        u32 idle = READ(tcp_sock, tp, keepalive_time);
        const struct net *net = READ(sock, sk, __sk_common.skc_net.net);
        if (!idle)
            idle = READ(net, net, ipv4.sysctl_tcp_keepalive_time);
        const bool in_flight = READ(tcp_sock, tp, packets_out) || READ(tcp_sock, tp, write_seq) != READ(tcp_sock, tp, snd_nxt);
        if (in_flight || silent < idle)
            return 0; /* there was traffic: the timer is only set again */
    }
    RECORD(struct tw_timer_body) record = {};
    if (!fill_socket_untrusted(&record.head, record.addresses, sk) || !wanted(&record.head, record.addresses))
        return 0;
    const s64 left = (s64)(expires - bpf_jiffies64());
    record.body.timeout_ms = jiffies_to_ms(what == TW_TIMER_FIRED ? silent : left > 0 ? left : 0);
    record.body.srtt_us = READ(tcp_sock, tp, srtt_us) >> 3;
    record.body.rto_us = jiffies_to_ms(READ(inet_connection_sock, icsk, icsk_rto)) * 1000;
    record.body.snd_una = READ(tcp_sock, tp, snd_una);
    record.body.timer = TW_TIMER_KEEPALIVE;
    record.body.retransmits = probes_out;
    record.body.what = what;
    EMIT(record, TW_TIMER, probe);
    return 0;
}

static __always_inline int on_timer(struct timer_list *timer, u64 expires, u8 what, u8 probe)
{
    const u64 function = (u64)timer->function;
    if (!options.write_timer || function != options.write_timer)
        return options.keepalive_timer && function == options.keepalive_timer ? on_keepalive(timer, expires, what, probe) : 0;
    const struct inet_connection_sock *icsk = socket_of(timer);
    if (!icsk)
        return 0;
    const struct sock *sk = (const struct sock *)icsk;
    const u8 retransmits = READ(inet_connection_sock, icsk, icsk_retransmits);
    const u8 pending = READ(inet_connection_sock, icsk, icsk_pending);
    if (what == TW_TIMER_ARMED && !retransmits && !READ(inet_connection_sock, icsk, icsk_probes_out)) {
        const u8 state = READ(sock, sk, __sk_common.skc_state);
        if (state != TCP_SYN_SENT && state != TCP_SYN_RECV)
            return 0;
    }
    if (what == TW_TIMER_FIRED && pending == TW_TIMER_NONE)
        return 0; /* left to run out by a socket that no longer needs it */

    RECORD(struct tw_timer_body) record = {};
    if (!fill_socket_untrusted(&record.head, record.addresses, sk) || !wanted(&record.head, record.addresses))
        return 0;
    const struct tcp_sock *tp = (const struct tcp_sock *)sk;
    record.body.rto_us = jiffies_to_ms(READ(inet_connection_sock, icsk, icsk_rto)) * 1000;
    if (record.head.state != TCP_SYN_SENT) { /* before that nothing is acknowledged or measured */
        record.body.snd_una = READ(tcp_sock, tp, snd_una);
        record.body.srtt_us = READ(tcp_sock, tp, srtt_us) >> 3;
    }
    record.body.timer = pending;
    record.body.retransmits = pending == TW_TIMER_PROBE ? READ(inet_connection_sock, icsk, icsk_probes_out) : retransmits;
    record.body.backoff = READ(inet_connection_sock, icsk, icsk_backoff);
    record.body.what = what;
    const s64 left = (s64)(expires - bpf_jiffies64());
    record.body.timeout_ms = what == TW_TIMER_FIRED ? record.body.rto_us / 1000 : left > 0 ? jiffies_to_ms(left) : 0;
    EMIT(record, TW_TIMER, probe);
    return 0;
}

SEC("tp_btf/timer_start")
int BPF_PROG(on_timer_armed, struct timer_list *timer)
{
    return on_timer(timer, timer->expires, TW_TIMER_ARMED, TW_PROBE_TIMER_ARMED);
}

SEC("tp_btf/timer_expire_entry")
int BPF_PROG(on_timer_fired, struct timer_list *timer)
{
    return on_timer(timer, 0, TW_TIMER_FIRED, TW_PROBE_TIMER_FIRED);
}
