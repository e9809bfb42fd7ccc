/* ICMP errors about TCP segments, and echo requests, with the names in those that are markers. on_icmp is called where a device's packets pass (wire.bpf.h). */

struct icmp_error {
    u8 type, code;
    u16 length;            /* of the quoted packet */
    u32 mtu, seq;
    u16 source_port, peer_port;
    u32 source[4], destination[4]; /* of the quoted packet */
};

#define ICMP_ERROR_BYTES 56 /* ICMP header, quoted IP header, 8 bytes of TCP */

/* False unless `icmp` is an error that quotes a TCP segment. `bytes` is room for ICMP_ERROR_BYTES. */
static __always_inline bool read_icmp_error(struct icmp_error *error, u8 *bytes, const unsigned char *icmp, u8 family)
{
    if (bpf_probe_read_kernel(bytes, ICMP_ERROR_BYTES, icmp))
        return false;
    error->type = bytes[0];
    error->code = bytes[1];
    error->mtu = 0;
    const u8 *ip = &bytes[8], *tcp = &bytes[48];
    u8 behind_options[8];
    if (family == AF_INET) {
        if ((error->type != ICMP_DEST_UNREACH && error->type != ICMP_TIME_EXCEEDED && error->type != ICMP_PARAMETERPROB) || ip[9] != IPPROTO_TCP)
            return false;
        if (error->type == ICMP_DEST_UNREACH && error->code == ICMP_FRAG_NEEDED)
            error->mtu = bpf_ntohs(*(u16 *)&bytes[6]);
        error->length = bpf_ntohs(*(u16 *)&ip[2]);
        error->source[0] = *(u32 *)&ip[12];
        error->destination[0] = *(u32 *)&ip[16];
        const u32 ip_length = (ip[0] & 0xf) * 4;
        tcp = &bytes[28];
        if (ip_length != 20) {
            if (bpf_probe_read_kernel(behind_options, sizeof(behind_options), icmp + 8 + ip_length))
                return false;
            tcp = behind_options;
        }
    } else {
        if (error->type < ICMPV6_DEST_UNREACH || error->type > ICMPV6_PARAMPROB || ip[6] != IPPROTO_TCP)
            return false;
        if (error->type == ICMPV6_PKT_TOOBIG)
            error->mtu = bpf_ntohl(*(u32 *)&bytes[4]);
        error->length = bpf_ntohs(*(u16 *)&ip[4]) + 40;
        __builtin_memcpy(error->source, &ip[8], 16);
        __builtin_memcpy(error->destination, &ip[24], 16);
    }
    error->source_port = bpf_ntohs(*(u16 *)&tcp[0]);
    error->peer_port = bpf_ntohs(*(u16 *)&tcp[2]);
    error->seq = bpf_ntohl(*(u32 *)&tcp[4]);
    return true;
}

/* An error that comes in is about what this end sent; one that goes out is about what came in. */
static __always_inline void quoted_flow(struct tw_head *head, u8 *addresses, const struct icmp_error *error, u8 direction)
{
    const bool in = direction == TW_IN;
    u32 *words = (u32 *)addresses;
    head->local_port = in ? error->source_port : error->peer_port;
    head->peer_port = in ? error->peer_port : error->source_port;
    if (head->family == AF_INET) {
        words[in ? 0 : 1] = error->source[0];
        words[in ? 1 : 0] = error->destination[0];
    } else {
        __builtin_memcpy(&addresses[in ? 0 : 16], error->source, 16);
        __builtin_memcpy(&addresses[in ? 16 : 0], error->destination, 16);
    }
}

static __always_inline bool is_echo_request(u8 type, u8 family) { return type == (family == AF_INET ? ICMP_ECHO : ICMPV6_ECHO_REQUEST); }

#define MARKER_MAGIC "tcpwitness-mark:" /* userspace/model/marker.cpp writes it */
#define MARKER_MAGIC_LEN (sizeof(MARKER_MAGIC) - 1)

/* An echo request whose data begins with MARKER_MAGIC and ends with a name. */
static __always_inline bool is_marker(const u8 *bytes, u16 echo_payload)
{
    if (echo_payload != MARKER_MAGIC_LEN + TW_MARKER_LEN)
        return false;
    for (u32 i = 0; i < MARKER_MAGIC_LEN; i++)
        if (bytes[8 + i] != MARKER_MAGIC[i])
            return false;
    return true;
}

/* What on_icmp needs is more than is left on the stack of the program that calls it. One for each direction, which is one for each program. */
struct icmp_room {
    RECORD(struct tw_icmp) record;
    struct icmp_error error;
    u8 header[40];
    u8 bytes[ICMP_ERROR_BYTES];
};
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 2);
    __type(key, u32);
    __type(value, struct icmp_room);
} icmp_rooms SEC(".maps");

static __always_inline void fill_echo(struct icmp_room *room, u32 offset, u8 family, u8 direction)
{
    const bool out = direction == TW_OUT;
    u32 *words = (u32 *)room->record.addresses;
    u32 length;
    if (family == AF_INET) {
        words[out ? 0 : 1] = *(u32 *)&room->header[12];
        words[out ? 1 : 0] = *(u32 *)&room->header[16];
        length = bpf_ntohs(*(u16 *)&room->header[2]) - offset;
    } else {
        __builtin_memcpy(&room->record.addresses[out ? 0 : 16], &room->header[8], 16);
        __builtin_memcpy(&room->record.addresses[out ? 16 : 0], &room->header[24], 16);
        length = bpf_ntohs(*(u16 *)&room->header[4]);
    }
    room->record.body.type = room->bytes[0];
    room->record.body.code = room->bytes[1];
    room->record.body.echo_id = bpf_ntohs(*(u16 *)&room->bytes[4]);
    room->record.body.echo_seq = bpf_ntohs(*(u16 *)&room->bytes[6]);
    room->record.body.echo_payload = length > 8 ? length - 8 : 0;
}

/* `ip` is where the packet's IP header stands; `offset` how far behind it ICMP begins. */
static __always_inline int on_icmp(const struct net_device *dev, const unsigned char *ip, u32 offset, u8 family, u8 direction, u8 probe)
{
    const u32 which = direction == TW_OUT;
    struct icmp_room *room = bpf_map_lookup_elem(&icmp_rooms, &which);
    if (!room || bpf_probe_read_kernel(room->header, sizeof(room->header), ip))
        return 0;
    __builtin_memset(&room->record, 0, sizeof(room->record));
    struct tw_head *head = &room->record.head;
    struct tw_icmp *body = &room->record.body;
    head->family = family;
    bool marker = false;
    if (read_icmp_error(&room->error, room->bytes, ip + offset, family)) {
        quoted_flow(head, room->record.addresses, &room->error, direction);
        body->type = room->error.type;
        body->code = room->error.code;
        body->mtu = room->error.mtu;
        body->quoted_seq = room->error.seq;
        body->quoted_length = room->error.length;
    } else if (is_echo_request(room->bytes[0], family)) {
        fill_echo(room, offset, family, direction);
        marker = is_marker(room->bytes, body->echo_payload);
        if (marker)
            __builtin_memcpy(body->marker, &room->bytes[8 + MARKER_MAGIC_LEN], sizeof(body->marker));
    } else {
        return 0;
    }
    head->netns = dev->nd_net.net->ns.inum;
    if (marker) { /* for whoever records, whatever it was asked for; that makes no witness of a namespace that is not wanted */
        if (!netns_wanted(head->netns))
            head->netns = 0;
    } else if (!wanted(head, room->record.addresses)) {
        return 0;
    }
    if (family == AF_INET) {
        __builtin_memcpy(body->sender, &room->header[12], 4);
        __builtin_memcpy(body->receiver, &room->header[16], 4);
        body->ttl = room->header[8];
    } else {
        __builtin_memcpy(body->sender, &room->header[8], 16);
        __builtin_memcpy(body->receiver, &room->header[24], 16);
        body->ttl = room->header[7];
    }
    body->direction = direction;
    body->ifindex = dev->ifindex;
    __builtin_memcpy(body->ifname, dev->name, TW_IFNAME_LEN);
    EMIT(room->record, TW_ICMP, probe);
    return 0;
}
