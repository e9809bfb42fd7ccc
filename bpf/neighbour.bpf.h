/* Link-layer addresses of neighbours (ARP, neighbour discovery): asked for, never answered, changed. */

enum { NUD_INCOMPLETE = 0x01, NUD_REACHABLE = 0x02, NUD_STALE = 0x04, NUD_DELAY = 0x08, NUD_PROBE = 0x10, NUD_FAILED = 0x20,
       NUD_VALID = 0x80 | 0x40 | NUD_PROBE | NUD_STALE | NUD_DELAY | NUD_REACHABLE };
enum { NEIGH_UPDATE_F_OVERRIDE = 1 };
enum { ARPHRD_ETHER = 1 };

static __always_inline void emit_neighbour(const struct neighbour *neighbour, u8 what, u8 probe, const u8 *new_mac)
{
    RECORD(struct tw_neighbour) record = {};
    const struct net_device *dev = neighbour->dev;
    record.head.netns = dev->nd_net.net->ns.inum;
    record.head.family = neighbour->tbl->family;
    if (record.head.family == AF_INET)
        bpf_core_read(&record.addresses[4], 4, &neighbour->primary_key);
    else if (record.head.family == AF_INET6)
        bpf_core_read(&record.addresses[16], 16, &neighbour->primary_key);
    else
        return;
    if (!wanted(&record.head, record.addresses))
        return;
    record.body.ifindex = dev->ifindex;
    __builtin_memcpy(record.body.ifname, dev->name, TW_IFNAME_LEN);
    record.body.what = what;
    record.body.probes = (u8)neighbour->probes.counter;
    if (new_mac) {
        bpf_core_read(record.body.old_mac, 6, &neighbour->ha);
        __builtin_memcpy(record.body.new_mac, new_mac, 6);
    }
    EMIT(record, TW_NEIGHBOUR, probe);
}

SEC("tp_btf/neigh_timer_handler")
int BPF_PROG(on_neighbour_timer, const struct neighbour *neighbour)
{
    if (neighbour->nud_state == NUD_FAILED)
        emit_neighbour(neighbour, TW_NEIGHBOUR_FAILED, TW_PROBE_NEIGHBOUR_FAILED, NULL);
    return 0;
}

SEC("tp_btf/neigh_event_send_done")
int BPF_PROG(on_neighbour_asked, const struct neighbour *neighbour)
{
    /* fires for every packet that waits too: the first one has just changed the state */
    if (neighbour->nud_state == NUD_INCOMPLETE && neighbour->updated == (unsigned long)bpf_jiffies64())
        emit_neighbour(neighbour, TW_NEIGHBOUR_INCOMPLETE, TW_PROBE_NEIGHBOUR_ASKED, NULL);
    return 0;
}

SEC("tp_btf/neigh_update")
int BPF_PROG(on_neighbour_update, const struct neighbour *neighbour, const u8 *address, u8 state, u32 flags)
{
    if (!address || !(flags & NEIGH_UPDATE_F_OVERRIDE) || !(neighbour->nud_state & NUD_VALID) || neighbour->dev->type != ARPHRD_ETHER)
        return 0;
    u8 now[8] = {}, before[8] = {};
    bpf_probe_read_kernel(now, 6, address);
    bpf_core_read(before, 6, &neighbour->ha);
    if (*(u64 *)now != *(u64 *)before)
        emit_neighbour(neighbour, TW_NEIGHBOUR_CHANGED, TW_PROBE_NEIGHBOUR_CHANGED, now);
    return 0;
}
