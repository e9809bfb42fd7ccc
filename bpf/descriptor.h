/* From a file descriptor to the socket behind it. */
#ifndef TCPWITNESS_DESCRIPTOR_H
#define TCPWITNESS_DESCRIPTOR_H

#include "readable.h"

#include <bpf/bpf_helpers.h>

/* The struct sock behind a descriptor of the task (the current one) that is known to be a socket, because a socket call took it. */
static __always_inline const struct sock *socket_of_fd(struct task_struct *task, s32 fd)
{
    struct fdtable *table = task->files->fdt;
    if (fd < 0 || (u32)fd >= table->max_fds)
        return NULL;
    const struct file *file = pointer_at(table->fd + fd);
    const struct socket *socket = file ? READ(file, file, private_data) : NULL;
    const struct sock *sk = socket ? READ(socket, socket, sk) : NULL;
    return sk && options.plain_loads ? AS(sock, sk) : sk;
}

#endif
