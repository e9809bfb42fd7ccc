#pragma once

#include <cstddef>
#include <functional>

#include "model/filter.h"

namespace tcpwitness {

/// Makes a TW_CALL record (TW_CALL_UNFINISHED) of every call in the array of pending calls whose thread still lives. Which socket it is
/// about is asked of the socket itself, through a duplicate of the thread's descriptor (pidfd_getfd).
/// Calls that the filter is not about are left out.
void for_each_unfinished_call(int pending_calls_fd, const Filter& filter, std::uint64_t end_ns, const std::function<void(const void* data, std::size_t size)>& emit);

}  // namespace tcpwitness
