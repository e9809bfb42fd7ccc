// The flow of a record, as its head and the addresses behind its body tell it.
#pragma once

#include "bpf/records.h"
#include "model/address.h"

namespace tcpwitness {

/// Of a record whose length has been checked against its head; addresses that it lacks are none.
Flow record_flow(const tw_head&, const void* data);

}  // namespace tcpwitness
