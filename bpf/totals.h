/* What a connection did over its whole life: at its end, and in samples. */
#ifndef TCPWITNESS_TOTALS_H
#define TCPWITNESS_TOTALS_H

#include "emit.h"

static __always_inline void fill_totals(struct tw_destroy *to, const struct tcp_sock *tp)
{
    enum { BUSY = 1, RWND_LIMITED = 2, SNDBUF_LIMITED = 3 }; /* enum tcp_chrono: the times exclude one another */
    to->bytes_acked = tp->bytes_acked;
    to->bytes_received = tp->bytes_received;
    to->segs_out = tp->segs_out;
    to->segs_in = tp->segs_in;
    to->total_retrans = tp->total_retrans;
    to->srtt_us = tp->srtt_us >> 3;
    to->rttvar_us = tp->mdev_us >> 2;
    to->snd_cwnd = tp->snd_cwnd;
    u32 busy = tp->chrono_stat[0], rwnd_limited = tp->chrono_stat[1], sndbuf_limited = tp->chrono_stat[2];
    const u8 running = BPF_CORE_READ_BITFIELD(tp, chrono_type);
    if (running) {
        const u32 since = (u32)bpf_jiffies64() - tp->chrono_start;
        if (running == BUSY)
            busy += since;
        else if (running == RWND_LIMITED)
            rwnd_limited += since;
        else if (running == SNDBUF_LIMITED)
            sndbuf_limited += since;
    }
    to->busy_ms = jiffies_to_ms((u64)busy + rwnd_limited + sndbuf_limited);
    to->rwnd_limited_ms = jiffies_to_ms(rwnd_limited);
    to->sndbuf_limited_ms = jiffies_to_ms(sndbuf_limited);
}

/* What this end offers the peer now. */
static __always_inline u32 receive_window(const struct tcp_sock *tp)
{
    const s32 window = (s32)(tp->rcv_wup + tp->rcv_wnd - tp->rcv_nxt);
    return window > 0 ? window : 0;
}

#endif
