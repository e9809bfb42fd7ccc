#include "live/unfinished_calls.h"

#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "base/fd.h"
#include "bpf/options.h"
#include "live/handles.h"
#include "live/kernel.h"
#include "live/namespaces.h"
#include "model/event.h"
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

Task task_of(std::uint64_t pid_tgid) {
    Task task{static_cast<std::uint32_t>(pid_tgid >> 32), static_cast<std::uint32_t>(pid_tgid), 0, {}};
    std::ifstream file("/proc/" + std::to_string(task.pid) + "/task/" + std::to_string(task.tid) + "/comm");
    std::getline(file, task.comm);
    return task;
}

void describe(const tw_pending_call& call, const Filter& filter, std::uint64_t end_ns, const std::function<void(const void*, std::size_t)>& emit) {
    const Task task = task_of(call.pid_tgid);
    if (task.comm.empty()) return;  // killed inside the call: the slot was never cleared
    const std::uint32_t netns = namespace_inum("/proc/" + std::to_string(task.pid) + "/ns/net");
    if (!filter.task(task) || !filter.namespace_wanted(netns)) return;
    const Fd process(static_cast<int>(syscall(SYS_pidfd_open, task.pid, 0)));
    if (!process) return;
    const Fd socket(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), call.fd, 0)));
    if (!socket) return;
    int protocol = 0;
    socklen_t size = sizeof(protocol);
    if (getsockopt(socket.get(), SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 || protocol != IPPROTO_TCP) return;

    RecordBuilder<tw_call> record(TW_CALL, TW_PROBE_CALL_EXIT);
    size = sizeof(record.head.cookie);
    getsockopt(socket.get(), SOL_SOCKET, SO_COOKIE, &record.head.cookie, &size);
    record.head.time_ns = end_ns;
    record.head.netns = netns;
    End local = end_of(socket.get(), getsockname), peer = end_of(socket.get(), getpeername);
    if (call.op == TW_CALL_CONNECT && call.cookie) {  // a socket that is still connecting has no peer name
        peer.port = call.peer_port;
        peer.address = call.family == AF_INET ? Address::ipv4(call.addresses + 4) : Address::ipv6(call.addresses + 16);
    }
    const Flow flow{{local.address, local.port}, {peer.address, peer.port}};
    if (!filter.flow(flow)) return;
    record.body.enter_ns = call.enter_ns;
    record.body.task.pid = task.pid;
    record.body.task.tid = task.tid;
    std::memcpy(record.body.task.comm, task.comm.data(), std::min<std::size_t>(task.comm.size(), TW_COMM_LEN - 1));
    record.body.fd = call.fd;
    record.body.argument = call.argument;
    record.body.op = call.op;
    record.body.flags = TW_CALL_UNFINISHED;
    if (call.op == TW_CALL_ACCEPT) record.body.listener = record.head.cookie;
    const std::string bytes = record.bytes(flow);
    emit(bytes.data(), bytes.size());
}

/// Calls of accept() that failed since the last one that was recorded.
void describe_failed(const tw_pending_call& call, std::uint64_t end_ns, const std::function<void(const void*, std::size_t)>& emit) {
    RecordBuilder<tw_call> record(TW_CALL, TW_PROBE_CALL_EXIT);
    record.head.time_ns = end_ns;
    record.head.netns = call.failed_netns;
    record.head.cookie = record.body.listener = call.failed_listener;
    record.head.state = 10;  // LISTEN
    const Task task = task_of(call.pid_tgid);
    record.body.task.pid = task.pid;
    record.body.task.tid = task.tid;
    std::memcpy(record.body.task.comm, task.comm.data(), std::min<std::size_t>(task.comm.size(), TW_COMM_LEN - 1));
    record.body.ret = call.failed_result;
    record.body.fd = call.fd;
    record.body.argument = static_cast<std::int32_t>(call.failed_more - 1);
    record.body.op = TW_CALL_ACCEPT;
    if (call.failed_result == -EAGAIN) record.body.flags = TW_CALL_NONBLOCK;
    const std::string bytes = record.bytes({});
    emit(bytes.data(), bytes.size());
}

}  // namespace

void for_each_unfinished_call(int map, const Filter& filter, std::uint64_t end_ns, const std::function<void(const void*, std::size_t)>& emit) {
    const std::size_t bytes = sizeof(tw_pending_call) * TW_PENDING_CALLS;
    void* mapped = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, map, 0);
    if (mapped == MAP_FAILED) return;
    const auto* slots = static_cast<const tw_pending_call*>(mapped);
    for (std::uint32_t slot = 0; slot < TW_PENDING_CALLS; ++slot) {
        if (slots[slot].failed_more && slots[slot].failed_result < 0) describe_failed(slots[slot], end_ns, emit);
        if (slots[slot].op && slots[slot].op != TW_CALL_SOCKET && slots[slot].enter_ns <= end_ns) describe(slots[slot], filter, end_ns, emit);
    }
    munmap(mapped, bytes);
}

}  // namespace tcpwitness
