/* TCP control segments (SYN, FIN, RST), with --segments all of them, as they pass a device: headers only, never payload. */

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4 };

static __always_inline int on_packet(const struct sk_buff *skb, const struct net_device *dev, u8 direction, u8 probe)
{
    /* what leaves on lo comes in on lo: the way in tells both, as in tcpdump */
    if (direction == TW_OUT && dev->flags & IFF_LOOPBACK)
        return 0;
    const u16 protocol = bpf_ntohs(skb->protocol);
    if (protocol != ETH_P_IP && protocol != ETH_P_IPV6)
        return 0;
    const unsigned char *head = skb->head;
    const u16 network = skb->network_header;
    const unsigned char *ip = head + network;
    /*
     * IP and TCP headers without options in one read: most packets need no more to be let go. What lies behind a shorter packet is
     * still the buffer's own memory (skb_shared_info follows it), and is not looked at.
     */
    u8 header[56];
    if (bpf_probe_read_kernel(header, sizeof(header), ip))
        return 0;
    u32 ip_length = 40;
    const u8 *tcp = &header[40];
    u8 behind_options[16];
    if (protocol == ETH_P_IP) {
        ip_length = (header[0] & 0xf) * 4;
        const bool later_fragment = (header[6] & 0x1f) || header[7];
        if (header[9] != IPPROTO_TCP || ip_length < 20 || later_fragment)
            return 0;
        tcp = &header[20];
        if (ip_length > 20) {
            if (bpf_probe_read_kernel(behind_options, sizeof(behind_options), ip + ip_length))
                return 0;
            tcp = behind_options;
        }
    } else if (header[6] != IPPROTO_TCP) {
        return 0; /* extension headers before TCP are rare enough to leave such packets to a capture */
    }
    const bool control = tcp[13] & (TCP_FIN | TCP_SYN | TCP_RST);
    if (!control && !options.segments)
        return 0;

    RECORD(struct tw_packet) record = {};
    record.head.netns = dev->nd_net.net->ns.inum;
    const u16 source = bpf_ntohs(*(u16 *)&tcp[0]), destination = bpf_ntohs(*(u16 *)&tcp[2]);
    const bool out = direction == TW_OUT;
    record.head.local_port = out ? source : destination;
    record.head.peer_port = out ? destination : source;
    u32 *words = (u32 *)record.addresses;
    if (protocol == ETH_P_IP) {
        record.head.family = AF_INET;
        words[out ? 0 : 1] = *(u32 *)&header[12];
        words[out ? 1 : 0] = *(u32 *)&header[16];
    } else {
        record.head.family = AF_INET6;
        __builtin_memcpy(&record.addresses[out ? 0 : 16], &header[8], 16);
        __builtin_memcpy(&record.addresses[out ? 16 : 0], &header[24], 16);
    }
    if (!wanted(&record.head, record.addresses) || (!control && !segment_chosen(&record.head, record.addresses)))
        return 0;

    const u16 mac = skb->mac_header;
    const bool link = mac < network && network - mac == ETH_HLEN && dev->hard_header_len >= ETH_HLEN;
    const u32 link_length = link ? ETH_HLEN : 0;
    u32 captured = link_length + ip_length + (tcp[12] >> 4) * 4;
    if (captured > TW_PACKET_BYTES)
        captured = TW_PACKET_BYTES;
    if (bpf_probe_read_kernel(record.body.data, captured, ip - link_length))
        return 0;
    /* skb->data stands at the link header on the way out and behind it on the way in */
    record.body.length = skb->len + (out ? 0 : link_length);
    record.body.captured = captured;
    record.body.link_type = dev->type;
    record.body.ifindex = dev->ifindex;
    record.body.direction = direction;
    record.body.link_header = link_length;
    __builtin_memcpy(record.body.ifname, dev->name, TW_IFNAME_LEN);
    EMIT(record, TW_PACKET, probe);
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
