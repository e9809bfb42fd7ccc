#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/recorders.h"
#include "model/marker.h"

namespace tcpwitness {
namespace {

/// RFC 1071.
std::uint16_t checksum(const std::string& bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        std::uint16_t word;
        std::memcpy(&word, bytes.data() + i, sizeof word);
        sum += word;
    }
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

/// A socket that anyone may have where net.ipv4.ping_group_range allows it, else one that takes CAP_NET_RAW.
Result<Fd> icmp_socket() {
    Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP));
    if (!fd) fd = Fd(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
    if (fd) return fd;
    if (errno != EPERM && errno != EACCES) return Error{fmt::format("cannot make an ICMP socket: {}", std::strerror(errno))};
    return Error{"this user may send no ICMP (net.ipv4.ping_group_range); run it as root, or set the marker ping:22 with `ping -c 1 -s 22 127.0.0.1`"};
}

Status send_marker(const std::string& name) {
    auto fd = icmp_socket();
    if (!fd) return fd.error();
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    icmphdr header{};
    header.type = ICMP_ECHO;
    header.un.echo.id = htons(static_cast<std::uint16_t>(getpid()));  // of a ping socket the kernel chooses another
    header.un.echo.sequence = htons(static_cast<std::uint16_t>(now.tv_nsec >> 14));
    std::string packet(reinterpret_cast<const char*>(&header), sizeof header);
    packet += marker_data(name);
    header.checksum = checksum(packet);
    std::memcpy(packet.data(), &header, sizeof header);
    sockaddr_in loopback{};
    loopback.sin_family = AF_INET;
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (sendto(fd->get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback) >= 0) return success();
    if (errno == ENETUNREACH || errno == EADDRNOTAVAIL || errno == ENETDOWN)
        return Error{"the loopback device of this network namespace is down; `ip link set lo up` starts it"};
    return Error{fmt::format("cannot send an echo request to 127.0.0.1: {}", std::strerror(errno))};
}

}  // namespace

int run_mark(const std::vector<std::string>& words) {
    const CommandLine line{"mark", "NAME",
                           "Sets a marker in whatever records on this host now: a named point in time, for `tcpwitness report --between`. It is one ICMP echo\n"
                           "request over the loopback device, and leaves nothing behind. NAME is letters, digits, dots, dashes and underscores, a letter first.",
                           {}, "  tcpwitness mark begin; ./repro.sh; tcpwitness mark end\n  tcpwitness report case.pcapng --between begin end\n"};
    const auto operands = parse(line, words);
    if (!operands) return complain(operands.error().message, exit_usage);
    if (operands->help_shown) return exit_done;
    const auto given = operands->all();
    if (given.size() != 1) return complain("mark needs one name: tcpwitness mark NAME", exit_usage);
    if (!marker_name_fits(given[0]))
        return complain("'" + given[0] + "' is no name for a marker: up to 31 letters, digits, dots, dashes and underscores, a letter first", exit_usage);
    const std::vector<std::string> seen_by = marker_recorders();
    if (const Status sent = send_marker(given[0]); !sent) return complain(sent.error().message);
    if (seen_by.empty())
        return complain("nothing records here that would see the marker: start `tcpwitness record`, or a capture on lo or any, first");
    std::string names;
    for (const std::string& one : seen_by) names += (names.empty() ? "" : ", ") + one;
    fmt::print("{} marked for {}\n", given[0], printable(names));
    return exit_done;
}

}  // namespace tcpwitness
