/* TCP control segments (SYN, FIN, RST) and the bare ACK that answers a SYN, with --segments all of them, as they pass a device: headers only,
 * never payload. */
#include "answers.h"

/* What the IP and TCP headers of a segment say; addresses and ports as on the wire. */
struct segment_facts {
    u32 ip_length, tcp_length;
    u16 source, destination;
    u32 seq, ack; /* in network order */
    bool control; /* SYN, FIN or RST */
    bool syn, syn_ack, rst; /* of a control segment */
    bool answers_syn; /* no control segment, but of a connection whose SYN still waits for its answer */
    bool icmp;    /* no segment, but ICMP behind ip_length */
    u32 from[4], to[4];
};

/* False unless it is a segment that may be recorded, or any segment with `all`. IPv6 extension headers before TCP are rare enough to leave such
 * packets to a capture. */
static __always_inline bool facts_by_loads(struct segment_facts *facts, const unsigned char *ip, u16 protocol, bool all, bool awaited)
{
    const struct iphdr *v4 = AS(iphdr, ip);
    const struct ipv6hdr *v6 = AS(ipv6hdr, ip);
    const bool is_v4 = protocol == ETH_P_IP;
    u32 ip_length = 40;
    if (is_v4) {
        ip_length = BPF_CORE_READ_BITFIELD(v4, ihl) * 4;
        const bool later_fragment = v4->frag_off & bpf_htons(0x1fff);
        facts->ip_length = ip_length;
        facts->icmp = v4->protocol == IPPROTO_ICMP && !later_fragment;
        if (v4->protocol != IPPROTO_TCP || ip_length < 20 || later_fragment)
            return false;
    } else if (v6->nexthdr != IPPROTO_TCP) {
        facts->ip_length = ip_length;
        facts->icmp = v6->nexthdr == IPPROTO_ICMPV6;
        return false;
    }
    const struct tcphdr *tcp = AS(tcphdr, ip + ip_length);
    const bool syn = BPF_CORE_READ_BITFIELD(tcp, syn), ack = BPF_CORE_READ_BITFIELD(tcp, ack);
    facts->syn = syn && !ack;
    facts->syn_ack = syn && ack;
    facts->rst = BPF_CORE_READ_BITFIELD(tcp, rst);
    facts->control = facts->rst || syn || BPF_CORE_READ_BITFIELD(tcp, fin);
    facts->answers_syn = awaited && !facts->control && answers_syn(tcp->source, tcp->dest);
    if (!facts->control && !facts->answers_syn && !all)
        return false;
    facts->ip_length = ip_length;
    facts->tcp_length = BPF_CORE_READ_BITFIELD(tcp, doff) * 4;
    facts->source = tcp->source;
    facts->destination = tcp->dest;
    facts->seq = tcp->seq;
    facts->ack = tcp->ack_seq;
    if (is_v4) {
        facts->from[0] = v4->saddr;
        facts->to[0] = v4->daddr;
        return true;
    }
    facts->from[0] = v6->saddr.in6_u.u6_addr32[0];
    facts->from[1] = v6->saddr.in6_u.u6_addr32[1];
    facts->from[2] = v6->saddr.in6_u.u6_addr32[2];
    facts->from[3] = v6->saddr.in6_u.u6_addr32[3];
    facts->to[0] = v6->daddr.in6_u.u6_addr32[0];
    facts->to[1] = v6->daddr.in6_u.u6_addr32[1];
    facts->to[2] = v6->daddr.in6_u.u6_addr32[2];
    facts->to[3] = v6->daddr.in6_u.u6_addr32[3];
    return true;
}

/* The same with one read for headers without options: most packets need no more to be let go. What lies behind a shorter packet is still
 * the buffer's own memory (skb_shared_info follows it), and is not looked at. */
static __always_inline bool facts_by_probe_read(struct segment_facts *facts, const unsigned char *ip, u16 protocol, bool all, bool awaited)
{
    u8 header[56];
    if (bpf_probe_read_kernel(header, sizeof(header), ip))
        return false;
    const bool is_v4 = protocol == ETH_P_IP;
    u32 ip_length = 40;
    const u8 *tcp = &header[40];
    if (is_v4) {
        ip_length = (header[0] & 0xf) * 4;
        const bool later_fragment = (header[6] & 0x1f) || header[7];
        facts->ip_length = ip_length;
        facts->icmp = header[9] == IPPROTO_ICMP && !later_fragment;
        if (header[9] != IPPROTO_TCP || ip_length < 20 || later_fragment)
            return false;
        tcp = &header[20];
        if (ip_length > 20) { /* its room: where another packet's TCP header stands */
            if (bpf_probe_read_kernel(&header[40], 16, ip + ip_length))
                return false;
            tcp = &header[40];
        }
    } else if (header[6] != IPPROTO_TCP) {
        facts->ip_length = ip_length;
        facts->icmp = header[6] == IPPROTO_ICMPV6;
        return false;
    }
    facts->syn = (tcp[13] & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    facts->syn_ack = (tcp[13] & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
    facts->rst = tcp[13] & TCP_RST;
    facts->control = tcp[13] & (TCP_FIN | TCP_SYN | TCP_RST);
    facts->answers_syn = awaited && !facts->control && answers_syn(*(u16 *)&tcp[0], *(u16 *)&tcp[2]);
    if (!facts->control && !facts->answers_syn && !all)
        return false;
    facts->ip_length = ip_length;
    facts->tcp_length = (tcp[12] >> 4) * 4;
    facts->source = *(u16 *)&tcp[0];
    facts->destination = *(u16 *)&tcp[2];
    facts->seq = *(u32 *)&tcp[4];
    facts->ack = *(u32 *)&tcp[8];
    if (is_v4) {
        facts->from[0] = *(u32 *)&header[12];
        facts->to[0] = *(u32 *)&header[16];
    } else {
        __builtin_memcpy(facts->from, &header[8], 16);
        __builtin_memcpy(facts->to, &header[24], 16);
    }
    return true;
}

/* No payload. */
static __always_inline bool is_bare(const struct sk_buff *skb, const struct segment_facts *facts, const unsigned char *ip)
{
    const u32 before = (u32)(ip - skb->data); /* a link header, on the way out */
    return skb->len == before + facts->ip_length + facts->tcp_length;
}

static __always_inline void fill_flow(struct tw_head *head, u8 *addresses, const struct segment_facts *facts, u16 protocol, bool out)
{
    const u16 source = bpf_ntohs(facts->source), destination = bpf_ntohs(facts->destination);
    head->local_port = out ? source : destination;
    head->peer_port = out ? destination : source;
    u32 *words = (u32 *)addresses;
    if (protocol == ETH_P_IP) {
        head->family = AF_INET;
        words[out ? 0 : 1] = facts->from[0];
        words[out ? 1 : 0] = facts->to[0];
        return;
    }
    head->family = AF_INET6;
    __builtin_memcpy(&words[out ? 0 : 4], facts->from, 16);
    __builtin_memcpy(&words[out ? 4 : 0], facts->to, 16);
}

static __always_inline enum maker maker_of(const struct sk_buff *skb)
{
    const struct sock *sk = skb->sk;
    if (!sk)
        return MAKER_NONE;
    const u16 family = sk->__sk_common.skc_family;
    return (family == AF_INET || family == AF_INET6) && sk->sk_type != SOCK_RAW ? MAKER_TCP : MAKER_RAW;
}

/* For all that is known here: what comes in may be. */
static __always_inline bool is_forwarded(const struct sk_buff *skb, bool out)
{
    return !out || (!skb->sk && skb->skb_iif);
}

static __always_inline enum fate fate_of(const struct tw_head *head, const u8 *addresses, const struct segment_facts *facts,
                                         const struct sk_buff *skb, bool out, struct keeping *keeping)
{
    if (!facts->syn && !facts->syn_ack && !facts->rst)
        return RECORDED;
    const enum maker maker = out ? maker_of(skb) : MAKER_NONE;
    const bool forwarded = is_forwarded(skb, out);
    keeping->acked_by = facts->syn_ack ? bpf_ntohl(facts->seq) + 1 : 0;
    if (facts->syn)
        return fate_of_syn(head, addresses, out, maker, forwarded, keeping);
    if (facts->syn_ack)
        return fate_of_syn_ack(head, addresses, out, keeping);
    return fate_of_reset(head, addresses, out, maker, forwarded, keeping);
}

/* The stack has no room for it beside all that may become of a packet. One for each direction, which is one for each program. */
struct packet_record {
    struct tw_head head;
    struct tw_packet body;
    u8 addresses[32];
};
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 2);
    __type(key, u32);
    __type(value, struct packet_record);
} packet_rooms SEC(".maps");

static __always_inline int on_packet(const struct sk_buff *skb, const struct net_device *dev, u8 direction, u8 probe)
{
    /* what leaves on lo comes in on lo: the way in tells both, as in tcpdump */
    if (direction == TW_OUT && dev->flags & IFF_LOOPBACK)
        return 0;
    const u16 protocol = bpf_ntohs(skb->protocol);
    if (protocol != ETH_P_IP && protocol != ETH_P_IPV6)
        return 0;
    const u16 network = skb->network_header;
    const unsigned char *ip = skb->head + network;
    const bool out = direction == TW_OUT;
    const bool may_acknowledge = flooded() && is_forwarded(skb, out); /* a SYN-ACK that waits (kept.h) */
    const bool all = options.segments || may_acknowledge;
    const bool awaited = (out || dev->flags & IFF_LOOPBACK) && answers_awaited();
    struct segment_facts facts = {};
    if (!(options.plain_loads ? facts_by_loads(&facts, ip, protocol, all, awaited) : facts_by_probe_read(&facts, ip, protocol, all, awaited)))
        return facts.icmp ? on_icmp(dev, ip, facts.ip_length, protocol == ETH_P_IP ? AF_INET : AF_INET6, direction, probe) : 0;

    if (facts.syn && !out)
        await_answer(facts.source, facts.destination);
    else if (facts.answers_syn || (awaited && (facts.syn_ack || facts.rst)))
        answer_seen(facts.source, facts.destination);
    if (facts.answers_syn && !is_bare(skb, &facts, ip))
        facts.answers_syn = false;

    const u32 which = direction == TW_OUT;
    struct packet_record *record = bpf_map_lookup_elem(&packet_rooms, &which);
    if (!record)
        return 0;
    __builtin_memset(record, 0, sizeof(*record));
    record->head.netns = dev->nd_net.net->ns.inum;
    fill_flow(&record->head, record->addresses, &facts, protocol, out);
    if (!wanted(&record->head, record->addresses))
        return 0;
    if (!facts.control && may_acknowledge)
        handshake_acked(&record->head, record->addresses, out ? TW_SIDE_LOCAL : TW_SIDE_PEER, bpf_ntohl(facts.ack));
    if (!facts.control && !facts.answers_syn && !segment_chosen(&record->head, record->addresses))
        return 0;

    struct keeping keeping = {};
    const enum fate fate = fate_of(&record->head, record->addresses, &facts, skb, out, &keeping);
    if (fate == HELD)
        return 0;

    const u16 mac = skb->mac_header;
    const bool link = mac < network && network - mac == ETH_HLEN && dev->hard_header_len >= ETH_HLEN;
    const u32 link_length = link ? ETH_HLEN : 0;
    u32 captured = link_length + facts.ip_length + facts.tcp_length;
    if (captured > TW_PACKET_BYTES)
        captured = TW_PACKET_BYTES;
    if (!copy_headers(record->body.data, TW_PACKET_BYTES, ip - link_length, captured))
        return 0;
    /* skb->data stands at the link header on the way out and behind it on the way in */
    record->body.length = skb->len + (out ? 0 : link_length);
    record->body.captured = captured;
    record->body.link_type = dev->type;
    record->body.ifindex = dev->ifindex;
    record->body.direction = direction;
    record->body.link_header = link_length;
    __builtin_memcpy(record->body.ifname, dev->name, TW_IFNAME_LEN);
    if (fate == KEPT) {
        keep(record, &keeping);
        return 0;
    }
    EMIT(*record, TW_PACKET, probe);
    return 0;
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(on_packet_in, const struct sk_buff *skb)
{
    return on_packet(skb, skb->dev, TW_IN, TW_PROBE_PACKET_IN);
}

SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(on_packet_out, const struct sk_buff *skb, const struct net_device *dev)
{
    return on_packet(skb, dev, TW_OUT, TW_PROBE_PACKET_OUT);
}
