/* One object: one file per concern, one set of maps. */
#include "descriptor.h"
#include "pending.h"
#include "kept.h"
#include "caller.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#include "socket.bpf.h"
#include "reset.bpf.h"
#include "retransmit.bpf.h"
#include "timer.bpf.h"
#include "route.bpf.h"
#include "call.bpf.h"
#include "option.bpf.h"
#include "process.bpf.h"
#include "icmp.bpf.h"
#include "wire.bpf.h"
#include "drop.bpf.h"
#include "neighbour.bpf.h"
#include "hidden_reset.bpf.h"
#include "snapshot.bpf.h"
#include "look.bpf.h"
