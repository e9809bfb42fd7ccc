#include "environment/netlink.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace tcpwitness {

namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;  // the kernel sends at most 32 KiB at once
constexpr timeval longest_wait{2, 0};

Error error_of(int error) { return Error{std::strerror(error)}; }

}  // namespace

Result<Netlink> Netlink::open(int protocol) {
    Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
    if (!socket) return error_of(errno);
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &longest_wait, sizeof longest_wait);
    return Netlink(std::move(socket), protocol);
}

Status Netlink::dump(std::uint16_t type, std::string_view request, const Take& take) { return talk(type, NLM_F_DUMP, request, take); }

Status Netlink::ask(std::uint16_t type, std::string_view request, const Take& take) { return talk(type, NLM_F_ACK, request, take); }

Status Netlink::talk(std::uint16_t type, std::uint16_t flags, std::string_view request, const Take& take) {
    refused_with_ = 0;
    nlmsghdr head{};
    head.nlmsg_len = static_cast<std::uint32_t>(sizeof head + request.size());
    head.nlmsg_type = type;
    head.nlmsg_flags = NLM_F_REQUEST | flags;
    head.nlmsg_seq = ++sequence_;
    std::string message(bytes_of(head));
    message.append(request);
    if (send(socket_.get(), message.data(), message.size(), 0) < 0) return error_of(errno);

    std::vector<char> buffer(buffer_bytes);
    while (true) {
        const ssize_t size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return error_of(errno == EAGAIN ? ETIMEDOUT : errno);
        std::string_view left(buffer.data(), static_cast<std::size_t>(size));
        while (left.size() >= sizeof head) {
            std::memcpy(&head, left.data(), sizeof head);
            if (head.nlmsg_len < sizeof head || head.nlmsg_len > left.size()) return Error{"the kernel's answer contradicts itself"};
            const std::string_view body = left.substr(sizeof head, head.nlmsg_len - sizeof head);
            left.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(head.nlmsg_len), left.size()));
            if (head.nlmsg_seq != sequence_) continue;  // of a question before that nobody heard out
            if (head.nlmsg_type == NLMSG_DONE || head.nlmsg_type == NLMSG_ERROR) {
                std::int32_t result = 0;
                std::memcpy(&result, body.data(), std::min(sizeof result, body.size()));
                if (result >= 0) return success();
                refused_with_ = -result;
                return error_of(refused_with_);
            }
            if (take(head.nlmsg_type, body)) continue;
            if (auto fresh = open(protocol_)) *this = std::move(*fresh);  // the kernel stops when nobody listens any more
            return success();
        }
    }
}

}  // namespace tcpwitness
