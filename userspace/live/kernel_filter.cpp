#include "live/kernel_filter.h"

#include <sys/socket.h>

#include <cstring>

namespace tcpwitness {
namespace {

tw_prefix kernel_prefix(const Prefix& prefix) {
    tw_prefix out{};
    out.family = prefix.address.family == Address::Family::ipv4 ? AF_INET : AF_INET6;
    std::memcpy(out.address, prefix.address.bytes.data(), sizeof(out.address));
    auto* mask = reinterpret_cast<std::uint8_t*>(out.mask);
    for (unsigned bit = 0; bit < prefix.length; ++bit) mask[bit / 8] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
    return out;
}

/// Copies a list into a fixed array when it fits.
template <std::size_t capacity, typename To, typename From, typename Convert>
void fill(To (&to)[capacity], std::uint32_t& count, const From& from, Convert convert) {
    if (from.size() > capacity) return;
    for (const auto& value : from) to[count++] = convert(value);
}

}  // namespace

tw_filter kernel_filter(const Filter& filter) {
    tw_filter out{};
    for (int side = 0; side < TW_SIDES; ++side) {
        fill(out.port[side], out.port_count[side], filter.ports[side], [](PortRange range) { return tw_port_range{range.first, range.last}; });
        fill(out.prefix[side], out.prefix_count[side], filter.hosts[side], kernel_prefix);
    }
    fill(out.netns, out.netns_count, filter.netns, [](std::uint32_t inum) { return inum; });
    fill(out.pid, out.pid_count, filter.pids, [](std::uint32_t pid) { return pid; });
    if (filter.comms.size() <= TW_FILTER_COMMS)
        for (const std::string& comm : filter.comms) {
            char* to = out.comm[out.comm_count++];
            std::memcpy(to, comm.data(), std::min<std::size_t>(comm.size(), TW_COMM_LEN - 1));
        }
    out.by_task = out.pid_count || out.comm_count;
    out.active = !filter.empty();
    return out;
}

}  // namespace tcpwitness
