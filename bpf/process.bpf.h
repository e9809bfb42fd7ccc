/* The end of a process that owned sockets. */

/* A worker that was forked with its connection never made a call that shows it. Where it ends in good order its end explains nothing. */
static __always_inline bool failed_worker(struct task_struct *task, s32 code)
{
    const struct task_struct *parent = task->real_parent;
    if (!code || !parent)
        return false;
    const u32 pid = parent->tgid;
    return bpf_map_lookup_elem(&socket_owners, &pid) != 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_process_exit, struct task_struct *task)
{
    const struct signal_struct *group = task->signal;
    if (!group || group->live.counter != 0)
        return 0; /* other threads live on */
    const u32 pid = task->tgid;
    const s32 code = group->flags & SIGNAL_GROUP_EXIT ? group->group_exit_code : task->exit_code;
    if (!bpf_map_lookup_elem(&socket_owners, &pid) && !failed_worker(task, code))
        return 0;
    bpf_map_delete_elem(&socket_owners, &pid);
    struct tw_pending_call *slot = slot_of(pid);
    if (slot)
        slot->noted = 0; /* the number will be another process's */
    RECORD(struct tw_process_exit) record = {};
    const struct nsproxy *namespaces = task->nsproxy;
    if (namespaces)
        record.head.netns = namespaces->net_ns->ns.inum;
    if (!netns_wanted(record.head.netns))
        return 0;
    fill_task(&record.body.task, task);
    record.body.task.pid = pid;
    record.body.task.tid = task->pid;
    record.body.code = code;
    if (bpf_core_field_exists(group->oom_mm) && group->oom_mm)
        record.body.flags |= TW_EXIT_OUT_OF_MEMORY;
    if (task_wanted(pid, record.body.task.comm))
        EMIT(record, TW_PROCESS_EXIT, TW_PROBE_PROCESS_EXIT);
    return 0;
}
