// The kernel's reasons to free a packet: which of them mean that it was lost.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "bpf/options.h"
#include "live/kernel.h"

namespace tcpwitness {

/// The running kernel's reasons by number, those of its subsystems too, as far as it tells them.
std::map<std::uint32_t, std::string> drop_reasons(const Kernel&);

/// A bit for each reason that is no loss: consumed, told by another probe (a RST for want of a socket), or what TCP does with a segment
/// that comes twice or late. A kernel that numbers its reasons otherwise is no other case: they are chosen by name.
std::array<std::uint64_t, TW_DROP_REASONS / 64> harmless_drops(const std::map<std::uint32_t, std::string>& reasons);

/// Number of a reason by name; one that no packet has where the kernel lacks it.
std::uint32_t drop_reason_number(const std::map<std::uint32_t, std::string>& reasons, const std::string& name);

}  // namespace tcpwitness
