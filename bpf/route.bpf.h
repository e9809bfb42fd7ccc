/*
 * Route lookups that fail. A lookup asks one table after the other and knows neither socket nor caller: its result is kept with the thread,
 * and told when the connect() that needed it ends with an error, or when a segment is thrown away for want of a route. Most hosts never
 * need it: the programs are attached at the first such end. Where no failure was noted the record says table 0, and the collector makes
 * the lookup once more: EACCES and EINVAL may have had another reason.
 */

/* The collector's own lookup that failed. */
struct tw_own_lookup own_lookup;

enum { RT_TABLE_LOCAL = 255 };
enum { RTN_BLACKHOLE = 6, RTN_UNREACHABLE = 7, RTN_PROHIBIT = 8 };
enum { RTF_REJECT = 0x0200 };

/* The last lookup that failed outside of a connect(), by CPU: a segment that cannot be sent is thrown away right after it. */
struct failed_lookup {
    u64 jiffies;
    u32 table;
    u32 type;
};
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, struct failed_lookup);
} failed_lookups SEC(".maps");

static __always_inline int lookup_failed(u32 table, u8 type)
{
    const u64 id = bpf_get_current_pid_tgid();
    if ((u32)(id >> 32) == options.self_pid) {
        if (type || !own_lookup.table) {
            own_lookup.table = table;
            own_lookup.type = type;
        }
        return 0;
    }
    struct tw_pending_call *call = slot_of(id);
    if (call && call->pid_tgid == id && call->op == TW_CALL_CONNECT) {
        if (type || !call->route_table) { /* the first table that had no route, unless a later one has a route that says no */
            call->route_table = table;
            call->route_type = type;
        }
        return 0;
    }
    const u32 zero = 0;
    struct failed_lookup *last = bpf_map_lookup_elem(&failed_lookups, &zero);
    if (last) {
        last->jiffies = bpf_jiffies64();
        last->table = table;
        last->type = type;
    }
    return 0;
}

SEC("tp_btf/fib_table_lookup")
int on_route_lookup(u64 *ctx)
{
    enum { EAGAIN = 11, EACCES = 13, EINVAL = 22, EHOSTUNREACH = 113 };
    const s32 error = (s32)ctx[3];
    const u32 table = (u32)ctx[0];
    if (!error || (error == -EAGAIN && table == RT_TABLE_LOCAL)) /* what is not local has its route elsewhere */
        return 0;
    return lookup_failed(table, error == -EACCES         ? RTN_PROHIBIT
                                : error == -EINVAL       ? RTN_BLACKHOLE
                                : error == -EHOSTUNREACH ? RTN_UNREACHABLE
                                                         : 0);
}

SEC("tp_btf/fib6_table_lookup")
int BPF_PROG(on_route6_lookup, const struct net *net, const struct fib6_result *result, const struct fib6_table *table)
{
    if (!(result->fib6_flags & RTF_REJECT))
        return 0;
    const bool none = (u64)result->f6i == (u64)net->ipv6.fib6_null_entry;
    const u32 number = table->tb6_id;
    if (none && number == RT_TABLE_LOCAL)
        return 0;
    return lookup_failed(number, none ? 0 : result->fib6_type);
}

/* connect() ended with an error before it sent anything: tells the lookup that made it so. `head` is the call's. */
static __always_inline void emit_failed_connect(const struct tw_head *head, const u8 *addresses, const struct tw_pending_call *slot,
                                                struct task_struct *task, s32 fd, s32 ret)
{
    enum { EACCES = 13, EINVAL = 22, ENETUNREACH = 101, EHOSTUNREACH = 113 };
    if (ret != -ENETUNREACH && ret != -EHOSTUNREACH && ret != -EACCES && ret != -EINVAL)
        return;
    RECORD(struct tw_route) record = {};
    record.head = *head;
    __builtin_memcpy(record.addresses, addresses, sizeof(record.addresses));
    fill_task(&record.body.task, task);
    record.body.error = -ret;
    record.body.table = slot->route_table;
    record.body.type = slot->route_type;
    record.body.for_connect = 1;
    const struct sock *sk = socket_of_fd(task, fd);
    if (sk)
        record.body.mark = READ(sock, sk, sk_mark);
    EMIT(record, TW_ROUTE, record.head.family == AF_INET6 ? TW_PROBE_ROUTE6 : TW_PROBE_ROUTE);
}

/* A segment found no route. `head` is the drop's. */
static __always_inline void emit_failed_send(const struct tw_head *head, const u8 *addresses, s32 error)
{
    const u32 zero = 0;
    const struct failed_lookup *last = bpf_map_lookup_elem(&failed_lookups, &zero);
    RECORD(struct tw_route) record = {};
    record.head = *head;
    __builtin_memcpy(record.addresses, addresses, sizeof(record.addresses));
    record.body.error = error;
    if (last && bpf_jiffies64() - last->jiffies <= 1) {
        record.body.table = last->table;
        record.body.type = last->type;
    }
    EMIT(record, TW_ROUTE, record.head.family == AF_INET6 ? TW_PROBE_ROUTE6 : TW_PROBE_ROUTE);
}
