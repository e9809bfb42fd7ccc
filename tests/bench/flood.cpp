// A SYN flood against a port, from spoofed addresses, inside namespaces of the benchmark's own.
//
//   flood --netns NAME --device D --mac AA:BB:.. --target A [--port P] [--rate N] [--seconds S] [--threads N]
//
// Frames go out through packet sockets, past the queueing discipline, at `rate` a second in all; 0: as fast as the machine can. Every SYN has
// a source of its own in 10.66.0.0/16. Prints how many were handed to the device a second. On a veth pair the CPU that sends a frame also
// receives and answers it: only several threads offer what several receive queues of a real device would.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "load.h"

namespace {

using Clock = std::chrono::steady_clock;
using load::check;

constexpr std::size_t batch = 64;

struct __attribute__((packed)) Frame {
    ether_header ethernet;
    iphdr ip;
    tcphdr tcp;
};

std::uint32_t sum16(const void* data, std::size_t size, std::uint32_t sum = 0) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    for (std::size_t i = 0; i + 1 < size; i += 2) sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
    return sum;
}

std::uint16_t folded(std::uint32_t sum) {
    sum = (sum & 0xffff) + (sum >> 16);
    return htons(static_cast<std::uint16_t>(~(sum + (sum >> 16))));
}

Frame first_frame(const load::Options& options) {
    Frame frame{};
    unsigned mac[6];
    check(std::sscanf(options.text("mac").c_str(), "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) == 6, "--mac");
    for (int i = 0; i < 6; ++i) frame.ethernet.ether_dhost[i] = static_cast<std::uint8_t>(mac[i]);
    frame.ethernet.ether_shost[0] = 2;
    frame.ethernet.ether_type = htons(ETHERTYPE_IP);
    frame.ip.version = 4;
    frame.ip.ihl = 5;
    frame.ip.tot_len = htons(sizeof frame.ip + sizeof frame.tcp);
    frame.ip.ttl = 64;
    frame.ip.protocol = IPPROTO_TCP;
    check(inet_pton(AF_INET, options.text("target").c_str(), &frame.ip.daddr) == 1, "--target");
    frame.tcp.dest = htons(static_cast<std::uint16_t>(options.number("port")));
    frame.tcp.doff = 5;
    frame.tcp.syn = 1;
    frame.tcp.window = htons(64240);
    return frame;
}

/// Sums of what does not change from frame to frame: the rest of a checksum is four additions.
struct Sums {
    explicit Sums(const Frame& first) : ip(sum16(&first.ip, sizeof first.ip)) {
        const std::uint32_t pseudo = sum16(&first.ip.saddr, 8, IPPROTO_TCP + sizeof first.tcp);
        tcp = sum16(&first.tcp, sizeof first.tcp, pseudo);
    }
    std::uint32_t ip, tcp;
};

/// The n-th of 2^16 addresses and as many ports, with its checksums.
void aim(Frame& frame, const Sums& sums, std::uint32_t number) {
    const std::uint32_t source = 0x0a420000 | (number & 0xffff), port = 1024 + (number >> 16) % 60000, seq = number * 2654435761u;
    const std::uint32_t source_sum = (source >> 16) + (source & 0xffff);
    frame.ip.saddr = htonl(source);
    frame.ip.check = folded(sums.ip + source_sum);
    frame.tcp.source = htons(static_cast<std::uint16_t>(port));
    frame.tcp.seq = htonl(seq);
    frame.tcp.check = folded(sums.tcp + source_sum + port + (seq >> 16) + (seq & 0xffff));
}

/// Sends its share of the flood for so long; returns how many frames the device took.
std::uint64_t flood(const load::Options& options, std::uint32_t share, std::uint32_t shares) {
    const int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP));
    sockaddr_ll device{};
    device.sll_family = AF_PACKET;
    device.sll_ifindex = static_cast<int>(if_nametoindex(options.text("device").c_str()));
    const int on = 1;
    check(fd >= 0 && device.sll_ifindex > 0 && bind(fd, reinterpret_cast<sockaddr*>(&device), sizeof device) == 0, "packet socket");
    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);

    std::array<Frame, batch> frames;
    frames.fill(first_frame(options));
    const Sums sums(frames.front());
    std::array<iovec, batch> parts;
    std::array<mmsghdr, batch> messages{};
    for (std::size_t i = 0; i < batch; ++i) {
        parts[i] = {&frames[i], sizeof(Frame)};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    const double rate = options.number("rate") / shares, duration = options.number("seconds");
    const auto began = Clock::now();
    const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
    std::uint64_t sent = 0;
    std::uint32_t number = share;
    while (elapsed() < duration) {
        if (rate > 0 && static_cast<double>(sent) > rate * elapsed()) {
            std::this_thread::sleep_for(std::chrono::microseconds(100));
            continue;
        }
        for (Frame& frame : frames) {
            aim(frame, sums, number);
            number += shares;
        }
        const int count = sendmmsg(fd, messages.data(), batch, 0);
        check(count > 0 || errno == ENOBUFS, "send");
        sent += count > 0 ? static_cast<std::uint64_t>(count) : 0;
    }
    close(fd);
    return sent;
}

}  // namespace

int main(int argc, char** argv) {
    const load::Options options(argc, argv, {{"netns", ""}, {"device", "lo"}, {"mac", "0:0:0:0:0:0"}, {"target", ""}, {"port", "9"}, {"rate", "0"}, {"seconds", "3"}, {"threads", "1"}});
    load::enter(options.text("netns"));
    const auto shares = static_cast<std::uint32_t>(options.number("threads"));
    std::vector<std::future<std::uint64_t>> senders;
    for (std::uint32_t share = 0; share < shares; ++share)
        senders.push_back(std::async(std::launch::async, flood, std::cref(options), share, shares));
    std::uint64_t sent = 0;
    for (auto& sender : senders) sent += sender.get();
    std::printf("%.0f\n", static_cast<double>(sent) / options.number("seconds"));
}
