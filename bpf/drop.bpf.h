/*
 * Packets that the kernel throws away: TCP segments, and ICMP errors about them. The hook is hot; its first test is whether the reason means
 * a loss at all, by a table of the running kernel's reasons that the loader filled.
 */

enum { STACK_FRAMES = 16, NF_HOOK_SLOW_BYTES = 400 /* about 250 in truth; what follows it does not call into hooks */ };

/* about 400 and 970 in truth; what follows them frees no packets */
enum { INET6_CSK_XMIT_BYTES = 512, NF_QUEUE_BYTES = 1024 };

/* A function's name is dear to look up, and under a flood it is always the same one. */
struct known_symbol {
    u64 address;
    u8 name[TW_SYMBOL_LEN];
};

/* A program that runs is not run again on its CPU, so nobody else writes here meanwhile. */
struct drop_room {
    u64 stack[STACK_FRAMES];
    struct known_symbol place, caller;
};
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, struct drop_room);
} drop_rooms SEC(".maps");

static __always_inline bool is_loss(u32 reason)
{
    if (reason >= TW_DROP_REASONS)
        return true; /* those of subsystems lie beyond the table: all of them are */
    u32 word = reason >> 6;
    barrier_var(word); /* else the compiler folds the bound away that the verifier wants to see */
    word &= TW_DROP_REASONS / 64 - 1;
    return !(options.harmless_drops[word] >> (reason & 63) & 1);
}

/* What finds no route under IPv6 is freed without a reason: only the place tells. */
static __always_inline bool v6_without_route(u32 reason, u64 place)
{
    return reason == options.no_reason_drop && options.inet6_csk_xmit && place - options.inet6_csk_xmit < INET6_CSK_XMIT_BYTES;
}

/* What a packet filter's rule hands to a program that is not there is freed without a reason, too. */
static __always_inline bool without_queue(u32 reason, u64 place)
{
    return reason == options.no_reason_drop && options.nf_queue && place - options.nf_queue < NF_QUEUE_BYTES;
}

/* The device that the packet came in on or is about to leave by. */
static __always_inline const struct net_device *device_of(const struct sk_buff *skb)
{
    const struct net_device *dev = skb->dev;
    if (dev)
        return dev;
    const struct dst_entry *route = (const struct dst_entry *)(skb->_skb_refdst & ~1ul);
    return route ? BPF_CORE_READ(route, dev) : NULL;
}

/* TCP's numbers; `offset` is where its header stands behind skb->head. */
static __always_inline bool fill_dropped_segment(struct tw_head *head, struct tw_drop *body, const struct sk_buff *skb, u32 offset, bool with_ports)
{
    u8 tcp[16];
    const unsigned char *start = skb->head;
    if (bpf_probe_read_kernel(tcp, sizeof(tcp), start + offset))
        return false;
    body->protocol = IPPROTO_TCP;
    body->seq = bpf_ntohl(*(u32 *)&tcp[4]);
    body->ack = bpf_ntohl(*(u32 *)&tcp[8]);
    body->segment_flags = tcp[13];
    /* wherever skb->data stands */
    const s32 payload = (s32)(skb->len - (u32)(offset + (tcp[12] >> 4) * 4 - (u32)(skb->data - start)));
    body->payload = payload > 0 ? payload : 0;
    if (!with_ports)
        return true;
    const bool out = body->direction == TW_OUT;
    const u16 source = bpf_ntohs(*(u16 *)&tcp[0]), destination = bpf_ntohs(*(u16 *)&tcp[2]);
    head->local_port = out ? source : destination;
    head->peer_port = out ? destination : source;
    return true;
}

/* An ICMP error that quotes a segment: who sent that segment is the local end where the error comes in. */
static __always_inline bool fill_dropped_icmp(struct tw_head *head, u8 *addresses, struct tw_drop *body, const unsigned char *icmp)
{
    struct icmp_error error;
    u8 bytes[ICMP_ERROR_BYTES];
    if (!read_icmp_error(&error, bytes, icmp, head->family))
        return false;
    quoted_flow(head, addresses, &error, body->direction);
    body->protocol = head->family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
    body->icmp_type = error.type;
    body->icmp_code = error.code;
    body->seq = error.seq;
    body->flags |= TW_DROP_QUOTED;
    return true;
}

/* By the packet's own headers. False when it is neither TCP nor an ICMP error about TCP. */
static __always_inline bool fill_dropped_packet(struct tw_head *head, u8 *addresses, struct tw_drop *body, const struct sk_buff *skb)
{
    const u16 protocol = bpf_ntohs(skb->protocol), network = skb->network_header;
    if ((protocol != ETH_P_IP && protocol != ETH_P_IPV6) || network == 0xffff)
        return false;
    u8 ip[40];
    const unsigned char *start = skb->head;
    if (bpf_probe_read_kernel(ip, sizeof(ip), start + network))
        return false;
    const bool v4 = protocol == ETH_P_IP, out = body->direction == TW_OUT;
    const u8 transport = v4 ? ip[9] : ip[6];
    const u32 offset = network + (v4 ? (ip[0] & 0xf) * 4 : 40);
    if (v4 && ((ip[6] & 0x1f) || ip[7]))
        return false; /* a later fragment */
    head->family = v4 ? AF_INET : AF_INET6;
    body->ttl = v4 ? ip[8] : ip[7];
    if (transport == (v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
        return fill_dropped_icmp(head, addresses, body, start + offset);
    if (transport != IPPROTO_TCP)
        return false;
    u32 *words = (u32 *)addresses;
    if (v4) {
        words[out ? 0 : 1] = *(u32 *)&ip[12];
        words[out ? 1 : 0] = *(u32 *)&ip[16];
    } else {
        __builtin_memcpy(&addresses[out ? 0 : 16], &ip[8], 16);
        __builtin_memcpy(&addresses[out ? 16 : 0], &ip[24], 16);
    }
    return fill_dropped_segment(head, body, skb, offset, true);
}

/* The function whose netfilter hook it was: the one that called nf_hook_slow, as the stack tells. */
static __always_inline u64 hook_caller(void *ctx, struct drop_room *room)
{
    if (!options.nf_hook_slow || bpf_get_stack(ctx, room->stack, sizeof(room->stack), 0) < 0)
        return 0;
    for (int i = 0; i + 1 < STACK_FRAMES; i++)
        if (room->stack[i] - options.nf_hook_slow < NF_HOOK_SLOW_BYTES)
            return room->stack[i + 1];
    return 0;
}

static __always_inline void fill_symbol(u8 *to, struct known_symbol *known, u64 address)
{
    static const char symbol[] = "%ps";
    if (known->address != address) {
        known->address = address;
        __builtin_memset(known->name, 0, sizeof(known->name));
        bpf_snprintf((char *)known->name, sizeof(known->name), symbol, &address, sizeof(address));
    }
    __builtin_memcpy(to, known->name, sizeof(known->name));
}

static __always_inline bool speaks_tcp(const struct sock *sk)
{
    const u8 state = sk->__sk_common.skc_state;
    const u16 family = sk->__sk_common.skc_family;
    if (family != AF_INET && family != AF_INET6)
        return false;
    return state == TCP_NEW_SYN_RECV || (state != TCP_TIME_WAIT && sk->sk_protocol == IPPROTO_TCP && sk->sk_type == SOCK_STREAM);
}

SEC("tp_btf/kfree_skb")
int on_drop(u64 *ctx)
{
    enum { EHOSTUNREACH = 113 };
    const u32 reason = (u32)ctx[2];
    const bool loss = is_loss(reason), no_route_v6 = !loss && v6_without_route(reason, ctx[1]);
    const bool unqueued = !loss && without_queue(reason, ctx[1]);
    if (!loss && !no_route_v6 && !unqueued)
        return 0;
    const struct sk_buff *skb = (const struct sk_buff *)ctx[0];
    const struct sock *sender = skb->sk;
    RECORD(struct tw_drop) record = {};
    /* what comes in has a device that it came in on; a socket may have taken hold of it early */
    const bool out = sender && !skb->skb_iif;
    record.body.direction = out ? TW_OUT : TW_IN;
    if (out && speaks_tcp(sender)) {
        fill_socket(&record.head, record.addresses, sender);
        if (record.head.state != TCP_NEW_SYN_RECV)
            record.head.cookie = sender->__sk_common.skc_cookie.counter;
        record.body.flags |= TW_DROP_SOCKET;
        if (!fill_dropped_segment(&record.head, &record.body, skb, skb->transport_header, false))
            return 0;
    } else if (!fill_dropped_packet(&record.head, record.addresses, &record.body, skb)) {
        return 0;
    }
    const struct net_device *dev = device_of(skb);
    if (dev && !record.head.netns)
        record.head.netns = BPF_CORE_READ(dev, nd_net.net, ns.inum);
    if (!record.head.netns)
        return 0;
    if (options.drop_socket) { /* kernel 6.11 and later: for which socket it was */
        const struct sock *receiver = (const struct sock *)ctx[3];
        if (receiver && !out && speaks_tcp(receiver)) {
            record.head.state = receiver->__sk_common.skc_state;
            if (record.head.state != TCP_LISTEN && record.head.state != TCP_NEW_SYN_RECV) {
                record.head.cookie = receiver->__sk_common.skc_cookie.counter;
                record.body.flags |= TW_DROP_SOCKET;
            }
        }
    }
    if (!wanted(&record.head, record.addresses))
        return 0;
    const bool half_open = record.head.state == TCP_NEW_SYN_RECV; /* a SYN-ACK: of a flood there are as many as of its SYNs */
    if ((half_open || !(record.body.flags & TW_DROP_SOCKET)) &&
        hold_drop(&record.head, record.addresses, out, record.body.segment_flags, reason))
        return 0;
    record.body.reason = reason;
    if (dev) {
        record.body.ifindex = BPF_CORE_READ(dev, ifindex);
        BPF_CORE_READ_INTO(&record.body.ifname, dev, name);
    }
    const u32 zero = 0;
    struct drop_room *room = bpf_map_lookup_elem(&drop_rooms, &zero);
    if (!room)
        return 0;
    fill_symbol(record.body.place, &room->place, ctx[1]);
    const u64 caller = reason == options.netfilter_drop || unqueued ? hook_caller(ctx, room) : 0;
    if (caller)
        fill_symbol(record.body.caller, &room->caller, caller);
    if (no_route_v6 && sender)
        emit_failed_send(&record.head, record.addresses, READ(sock, sender, sk_err_soft));
    else if (reason == options.no_route_drop)
        emit_failed_send(&record.head, record.addresses, EHOSTUNREACH); /* what ip_queue_xmit makes of every failure */
    EMIT(record, TW_DROP, TW_PROBE_DROP);
    return 0;
}
