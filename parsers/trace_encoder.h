#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bpf/records.h"

namespace tcpwitness {

/// The keys of a trace (ARCHITECTURE.md, "The trace file"), in the order in which they are written.
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// Turns raw records into the bytes of a trace file. Does no I/O: the caller writes `buffer()` out and clears it.
class TraceEncoder {
public:
    /// Begins the trace: section header, the kernel's interface, and every key once more as a TW_META record, because mergecap drops a
    /// section's comments and Wireshark's dissectors cannot see them.
    TraceEncoder(const Metadata& metadata, std::uint64_t boot_to_wall_ns);

    /// One record as the kernel side emitted it; at least a tw_head. A TW_PACKET becomes a packet on its device's interface, all others
    /// are kept byte for byte.
    void record(const void* data, std::size_t size);

    void meta(std::uint64_t boot_ns, std::string_view key, std::string_view value);
    void gap(std::uint64_t boot_ns, const tw_gap& gap, std::uint16_t cpu);

    std::string& buffer() { return buffer_; }

private:
    void packet(const tw_head& head, std::string_view record);
    void append(std::uint64_t boot_ns, std::string_view record);
    std::uint32_t interface_of(std::uint32_t netns, const tw_packet& packet);

    std::string buffer_;
    std::uint64_t boot_to_wall_ns_;
    std::unordered_map<std::uint64_t, std::uint32_t> interfaces_;  ///< netns, link type, ifindex -> pcapng interface
    std::uint64_t last_key_ = ~std::uint64_t{0};                   ///< packets come in runs of one device
    std::uint32_t last_interface_ = 0;
};

}  // namespace tcpwitness
