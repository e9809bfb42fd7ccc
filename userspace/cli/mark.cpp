#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
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

/// Until the request has come in, which the kernel's answer shows; a host may be told not to answer.
void await_arrival(const Fd& fd, const std::string& data) {
    constexpr int patience_ms = 200;
    pollfd waits{fd.get(), POLLIN, 0};
    timespec began{}, now{};
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (long left_ms = patience_ms; left_ms > 0 && poll(&waits, 1, static_cast<int>(left_ms)) > 0;) {
        char bytes[512];  // a raw socket gets all ICMP that comes
        const ssize_t size = recv(fd.get(), bytes, sizeof bytes, MSG_DONTWAIT);
        if (size > 0 && std::string_view(bytes, static_cast<std::size_t>(size)).ends_with(data)) return;
        clock_gettime(CLOCK_MONOTONIC, &now);
        left_ms = patience_ms - (now.tv_sec - began.tv_sec) * 1000 - (now.tv_nsec - began.tv_nsec) / 1'000'000;
    }
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
    if (sendto(fd->get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback) >= 0) {
        await_arrival(*fd, marker_data(name));
        return success();
    }
    if (errno == ENETUNREACH || errno == EADDRNOTAVAIL || errno == ENETDOWN)
        return Error{"the loopback device of this network namespace is down; `ip link set lo up` starts it"};
    return Error{fmt::format("cannot send an echo request to 127.0.0.1: {}", std::strerror(errno))};
}

std::string names_text(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return printable(text);
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
    const MarkerRecorders before = marker_recorders();
    if (const Status sent = send_marker(given[0]); !sent) return complain(sent.error().message);
    const MarkerRecorders seen = taking_throughout(before, marker_recorders());
    if (seen.taking.empty() && seen.idle.empty())
        return complain("nothing records here that would see the marker: start `tcpwitness record`, or a capture on lo or any, first");
    if (seen.taking.empty())
        return complain(fmt::format("the marker may be lost: {} takes no packets at this moment (it starts or ends); set it again once `record` says "
                                    "that it records", names_text(seen.idle)));
    fmt::print("{} marked for {}\n", given[0], names_text(seen.taking));
    if (!seen.idle.empty()) fmt::print(stderr, "tcpwitness: {} may not have it: it starts or ends\n", names_text(seen.idle));
    return exit_done;
}

}  // namespace tcpwitness
