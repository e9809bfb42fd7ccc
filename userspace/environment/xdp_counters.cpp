#include "environment/xdp_counters.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <vector>

#include "base/fd.h"

namespace tcpwitness {

namespace {

constexpr std::uint32_t most_statistics = 10'000;

bool ask(int socket, const std::string& device, void* request) {
    ifreq question{};
    device.copy(question.ifr_name, sizeof question.ifr_name - 1);
    question.ifr_data = static_cast<char*>(request);
    return ioctl(socket, SIOCETHTOOL, &question) == 0;
}

/// A request whose answer follows it in memory.
template <typename Request>
Request* with_room(std::vector<std::uint64_t>& memory, std::size_t bytes) {
    memory.assign((sizeof(Request) + bytes) / sizeof(std::uint64_t) + 1, 0);
    return reinterpret_cast<Request*>(memory.data());
}

}  // namespace

bool counts_xdp_takes(std::string_view statistic) {
    const auto at = statistic.find("xdp");
    if (at == std::string_view::npos) return false;
    for (const char* word : {"drop", "tx", "redirect", "abort"})
        if (statistic.find(word, at) != std::string_view::npos) return true;
    return false;
}

std::optional<std::uint64_t> xdp_takes(const std::string& device) {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) return std::nullopt;
    std::vector<std::uint64_t> memory, names_memory;
    auto* sizes = with_room<ethtool_sset_info>(memory, sizeof(std::uint32_t));
    sizes->cmd = ETHTOOL_GSSET_INFO;
    sizes->sset_mask = std::uint64_t{1} << ETH_SS_STATS;
    if (!ask(socket.get(), device, sizes) || !sizes->sset_mask) return std::nullopt;
    std::uint32_t count = 0;
    std::memcpy(&count, reinterpret_cast<const char*>(sizes) + sizeof *sizes, sizeof count);
    if (count == 0 || count > most_statistics) return std::nullopt;

    auto* names = with_room<ethtool_gstrings>(names_memory, std::size_t{count} * ETH_GSTRING_LEN);
    names->cmd = ETHTOOL_GSTRINGS;
    names->string_set = ETH_SS_STATS;
    names->len = count;
    auto* values = with_room<ethtool_stats>(memory, std::size_t{count} * sizeof(std::uint64_t));
    values->cmd = ETHTOOL_GSTATS;
    values->n_stats = count;
    if (!ask(socket.get(), device, names) || !ask(socket.get(), device, values) || names->len < count || values->n_stats < count) return std::nullopt;

    std::optional<std::uint64_t> sum;
    const char* const text = reinterpret_cast<const char*>(names) + sizeof *names;
    const char* const numbers = reinterpret_cast<const char*>(values) + sizeof *values;
    for (std::uint32_t i = 0; i < count; ++i) {
        const char* name = text + std::size_t{i} * ETH_GSTRING_LEN;
        if (!counts_xdp_takes({name, strnlen(name, ETH_GSTRING_LEN)})) continue;
        std::uint64_t value = 0;
        std::memcpy(&value, numbers + i * sizeof value, sizeof value);
        sum = sum.value_or(0) + value;
    }
    return sum;
}

}  // namespace tcpwitness
