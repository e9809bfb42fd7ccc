/*
 * The kernel types that the programs read, and of each only the fields that they read. Names are the kernel's; offsets come from the
 * running kernel's BTF (CO-RE), so order and gaps here mean nothing. A field that some kernels lack is read only by a program that asks first
 * whether it exists (bpf_core_field_exists).
 */
#ifndef TCPWITNESS_KERNEL_TYPES_H
#define TCPWITNESS_KERNEL_TYPES_H

#define __VMLINUX_H__ /* this header stands in for it: bpf_tracing.h then takes the kernel's names of registers */

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;
/* what bpf_helpers.h expects of linux/types.h */
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef s8 __s8;
typedef s16 __s16;
typedef s32 __s32;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

/* uapi: linux/bpf.h */
enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_PERCPU_HASH = 5, BPF_MAP_TYPE_PERCPU_ARRAY = 6, BPF_MAP_TYPE_LRU_HASH = 9, BPF_MAP_TYPE_RINGBUF = 27 };
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_F_MMAPABLE = 1024, BPF_RB_FORCE_WAKEUP = 2 };
/* uapi: sockets and packets */
enum { AF_INET = 2, AF_INET6 = 10, IPPROTO_ICMP = 1, IPPROTO_TCP = 6, IPPROTO_ICMPV6 = 58, IPPROTO_MPTCP = 262 };
enum { SOCK_STREAM = 1 };
enum { ICMP_DEST_UNREACH = 3, ICMP_FRAG_NEEDED = 4, ICMP_ECHO = 8, ICMP_TIME_EXCEEDED = 11, ICMP_PARAMETERPROB = 12 };
enum { ICMPV6_DEST_UNREACH = 1, ICMPV6_PKT_TOOBIG, ICMPV6_TIME_EXCEED, ICMPV6_PARAMPROB, ICMPV6_ECHO_REQUEST = 128 };
enum { ETH_P_IP = 0x0800, ETH_P_IPV6 = 0x86dd };
enum { IFF_LOOPBACK = 8 };
enum { ETH_HLEN = 14 };
enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT, TCP_SYN_RECV, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_TIME_WAIT, TCP_CLOSE, TCP_CLOSE_WAIT,
       TCP_LAST_ACK, TCP_LISTEN, TCP_CLOSING, TCP_NEW_SYN_RECV };
enum { TCP_CA_LOSS = 4 };
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };
enum { SIGNAL_GROUP_EXIT = 4 };
enum { SOCK_DEAD_BIT = 0, SOCK_KEEPOPEN_BIT = 3, SOCK_LINGER_BIT = 4 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;
struct timespec64 { s64 tv_sec; };
struct in6_addr { union { u8 u6_addr8[16]; u32 u6_addr32[4]; } in6_u; };

struct ns_common { u32 inum; };
struct netns_ipv4 { int sysctl_tcp_keepalive_time; };
struct netns_ipv6 { struct fib6_info *fib6_null_entry; };
struct net { struct ns_common ns; struct netns_ipv4 ipv4; struct netns_ipv6 ipv6; };
typedef struct { struct net *net; } possible_net_t;

struct timer_list {
    unsigned long expires;
    void (*function)(struct timer_list *);
};

struct sock_common {
    u32 skc_daddr;
    u32 skc_rcv_saddr;
    u16 skc_dport;
    u16 skc_num;
    u16 skc_family;
    volatile u8 skc_state;
    possible_net_t skc_net;
    struct in6_addr skc_v6_daddr;
    struct in6_addr skc_v6_rcv_saddr;
    atomic64_t skc_cookie;
    unsigned long skc_flags;
};

struct sock {
    struct sock_common __sk_common;
    int sk_err, sk_err_soft;
    atomic_t sk_drops;
    int sk_rcvbuf, sk_sndbuf, sk_wmem_queued;
    struct socket *sk_socket;
    unsigned long sk_ino;
    struct timer_list sk_timer, tcp_retransmit_timer;
    u16 sk_type;
    u16 sk_protocol;
    u8 sk_shutdown;
    u32 sk_ack_backlog;
    u32 sk_max_ack_backlog;
    unsigned long sk_lingertime;
    u32 sk_mark;
};

struct inet_sock { struct sock sk; };

struct request_sock_queue { atomic_t qlen; };

struct inet_connection_sock {
    struct inet_sock icsk_inet;
    struct request_sock_queue icsk_accept_queue;
    struct timer_list icsk_keepalive_timer;
    struct timer_list icsk_retransmit_timer;
    u32 icsk_rto;
    u8 icsk_ca_state : 5;
    u8 icsk_retransmits;
    u8 icsk_pending;
    u8 icsk_backoff;
    u8 icsk_probes_out;
    u32 icsk_user_timeout;
    struct { u32 lrcvtime; } icsk_ack;
};

struct tcp_sock {
    struct inet_connection_sock inet_conn;
    u32 snd_una, snd_nxt, write_seq, rcv_nxt, copied_seq;
    u32 srtt_us, snd_cwnd, lsndtime;
    u32 segs_out, segs_in, total_retrans;
    u64 bytes_acked, bytes_received;
    u32 rcv_wnd, rcv_wup, snd_wnd, snd_ssthresh, mdev_us;
    u32 packets_out, rcv_tstamp;
    unsigned int keepalive_time;
    u8 nonagle : 4;
    u8 chrono_type : 2;
    u32 chrono_start, chrono_stat[3];
};

struct request_sock {
    struct sock_common __req_common;
    u8 num_retrans;
    u8 num_timeout : 7;
    u32 timeout;
};
struct inet_request_sock { struct request_sock req; };
struct tcp_request_sock {
    struct inet_request_sock req;
    u32 rcv_isn, snt_isn;
};

struct tcp_skb_cb { u32 seq, end_seq; u8 tcp_flags; };

struct net_device {
    unsigned int flags;
    unsigned short hard_header_len;
    unsigned short type;
    int ifindex;
    possible_net_t nd_net;
    char name[16];
};

struct dst_entry { struct net_device *dev; };

struct fib6_result {
    struct fib6_info *f6i;
    u32 fib6_flags;
    u8 fib6_type;
};
struct fib6_table { u32 tb6_id; };

struct neigh_table { int family; };
struct neighbour {
    struct neigh_table *tbl;
    unsigned long updated;
    atomic_t probes;
    u8 nud_state;
    unsigned char ha[32];
    struct net_device *dev;
    u8 primary_key[16];
};

struct sk_buff {
    struct net_device *dev;
    struct sock *sk;
    int skb_iif;
    unsigned long _skb_refdst;
    char cb[48];
    unsigned int len;
    u16 protocol;
    u16 transport_header;
    u16 network_header;
    u16 mac_header;
    unsigned char *head;
    unsigned char *data;
};

struct hlist_node;
struct hlist_head { struct hlist_node *first; };

struct iphdr { u8 ihl : 4; u8 version : 4; u16 frag_off; u8 protocol; u32 saddr, daddr; };
struct ipv6hdr { u8 nexthdr; struct in6_addr saddr, daddr; };
struct tcphdr { u16 source, dest; u32 seq, ack_seq; u16 doff : 4, fin : 1, syn : 1, rst : 1, ack : 1; };

struct file { void *private_data; };
struct fdtable {
    unsigned int max_fds;
    struct file **fd;
};
struct files_struct { struct fdtable *fdt; };
struct socket { struct sock *sk; };
struct inode { unsigned long i_ino; };
struct socket_alloc { struct socket socket; struct inode vfs_inode; };

struct signal_struct {
    atomic_t live;
    int group_exit_code;
    unsigned int flags;
    void *oom_mm; /* set once the OOM killer has chosen the process */
};

struct kernfs_node { u64 id; };
struct cgroup { struct kernfs_node *kn; };
struct css_set { struct cgroup *dfl_cgrp; };

struct nsproxy { struct net *net_ns; };

struct task_struct {
    int pid;
    int tgid;
    int exit_code;
    char comm[16];
    struct files_struct *files;
    struct signal_struct *signal;
    struct css_set *cgroups;
    struct nsproxy *nsproxy;
    struct task_struct *real_parent;
    unsigned int flags;
    void *stack;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs { unsigned long di, si, dx, r10, orig_ax; };
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs { u64 regs[31]; };
struct pt_regs { u64 orig_x0; int syscallno; };
#endif

struct seq_file {};
struct bpf_iter_meta { struct seq_file *seq; };
struct bpf_iter__task_file {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
    u32 fd;
    struct file *file;
};
struct bpf_iter__tcp {
    struct bpf_iter_meta *meta;
    struct sock_common *sk_common;
};

#pragma clang attribute pop

/* syscall tracepoints: fixed by their format files */
struct syscall_enter { u64 common; s64 nr; u64 args[6]; };
struct syscall_exit { u64 common; s64 nr; s64 ret; };

#endif
