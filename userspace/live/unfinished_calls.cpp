#include "live/unfinished_calls.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "base/fd.h"
#include "bpf/options.h"
#include "live/handles.h"
#include "live/kernel.h"
#include "live/namespaces.h"
#include "parsers/record_layout.h"

namespace tcpwitness {
namespace {

#ifndef SYS_pidfd_getfd
constexpr long SYS_pidfd_getfd = 438;
#endif

/// One end of a socket's flow.
struct End {
    Address address;
    std::uint16_t port = 0;
};

using NameCall = int (*)(int, sockaddr*, socklen_t*);

End end_of(int fd, NameCall name) {
    sockaddr_storage raw{};
    socklen_t size = sizeof(raw);
    if (name(fd, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return {};
    if (raw.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(raw);
        return {Address::ipv4(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr)), ntohs(v4.sin_port)};
    }
    if (raw.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(raw);
        return {Address::ipv6(v6.sin6_addr.s6_addr), ntohs(v6.sin6_port)};
    }
    return {};
}

void describe(const tw_pending_call& call, const std::function<void(const void*, std::size_t)>& emit) {
    const Fd process(static_cast<int>(syscall(SYS_pidfd_open, call.task.pid, 0)));
    if (!process) return;
    const Fd socket(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), call.fd, 0)));
    if (!socket) return;
    int protocol = 0;
    socklen_t size = sizeof(protocol);
    if (getsockopt(socket.get(), SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 || protocol != IPPROTO_TCP) return;

    RecordBuilder<tw_call> record(TW_CALL, TW_PROBE_CALL_EXIT);
    size = sizeof(record.head.cookie);
    getsockopt(socket.get(), SOL_SOCKET, SO_COOKIE, &record.head.cookie, &size);
    record.head.time_ns = boot_clock_ns();
    record.head.netns = namespace_inum("/proc/" + std::to_string(call.task.pid) + "/ns/net");
    End local = end_of(socket.get(), getsockname), peer = end_of(socket.get(), getpeername);
    if (call.op == TW_CALL_CONNECT) {
        peer.port = call.port;
        peer.address = call.family == AF_INET ? Address::ipv4(call.address) : Address::ipv6(call.address);
    }
    record.body.enter_ns = call.enter_ns;
    record.body.task = call.task;
    record.body.fd = call.fd;
    record.body.argument = call.argument;
    record.body.op = call.op;
    record.body.flags = TW_CALL_UNFINISHED;
    if (call.op == TW_CALL_ACCEPT) record.body.listener = record.head.cookie;
    const std::string bytes = record.bytes({{local.address, local.port}, {peer.address, peer.port}});
    emit(bytes.data(), bytes.size());
}

}  // namespace

void for_each_unfinished_call(int map, const std::function<void(const void*, std::size_t)>& emit) {
    std::uint64_t key = 0, next = 0;
    const void* previous = nullptr;
    while (bpf_map_get_next_key(map, previous, &next) == 0) {
        key = next;
        previous = &key;
        tw_pending_call call{};
        if (bpf_map_lookup_elem(map, &key, &call) == 0 && call.op != TW_CALL_SOCKET) describe(call, emit);
    }
}

}  // namespace tcpwitness
