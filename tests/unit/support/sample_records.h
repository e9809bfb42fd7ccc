// Records as the kernel side makes them, and a small trace of the project's own case: three SYNs of one namespace, answered by another,
// and a forged RST between.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "bpf/records.h"
#include "parsers/trace_encoder.h"

namespace sample {

inline constexpr std::uint64_t boot_to_wall = 1'700'000'000'000'000'000;
inline constexpr std::uint64_t second = 1'000'000'000;
inline constexpr std::uint32_t edge = 4026532001, front_end = 4026532002;

/// Numbers its records per cpu, as the kernel side does.
class Recorder {
public:
    std::uint64_t time_ns = 100 * second;
    std::uint32_t netns = edge;
    std::uint16_t cpu = 0;
    std::uint64_t cookie = 0x1001;
    std::uint32_t socket_id = 0xabc;
    std::uint8_t state = 2;
    std::uint8_t family = 2;
    std::uint16_t local_port = 40001, peer_port = 5061;
    std::string local{"\x0a\x01\x00\x02", 4}, peer{"\x0a\x02\x00\x02", 4};

    template <typename Body>
    std::string record(std::uint8_t kind, std::uint8_t probe, const Body& body, std::string_view extra = {}) {
        tw_head head{};
        head.time_ns = time_ns;
        head.cookie = cookie;
        head.seq = ++numbers_[cpu];
        head.socket_id = socket_id;
        head.netns = netns;
        head.cpu = cpu;
        head.kind = kind;
        head.probe = probe;
        head.family = family;
        head.state = state;
        head.local_port = local_port;
        head.peer_port = peer_port;
        const std::string addresses = family == 0 ? "" : local + peer;
        head.size = static_cast<std::uint16_t>(sizeof head + sizeof body + extra.size() + addresses.size());
        std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
        bytes.append(reinterpret_cast<const char*>(&body), sizeof body).append(extra).append(addresses);
        return bytes;
    }

    void lose(std::uint32_t count) { numbers_[cpu] += count; }

private:
    std::array<std::uint32_t, 4> numbers_{};
};

inline tw_task task(std::uint32_t pid, std::string_view comm) {
    tw_task task{};
    task.pid = pid;
    task.tid = pid + 1;
    task.cgroup = 77;
    comm.copy(reinterpret_cast<char*>(task.comm), TW_COMM_LEN);
    return task;
}

/// Ethernet, IPv4 and TCP header of a control segment.
inline std::string segment(std::string_view source, std::string_view destination, std::uint16_t source_port, std::uint16_t peer_port,
                           std::uint8_t flags, std::uint32_t seq, std::uint8_t ttl) {
    std::string bytes(54, '\0');
    const auto put16 = [&](std::size_t at, std::uint32_t value) {
        bytes[at] = static_cast<char>(value >> 8);
        bytes[at + 1] = static_cast<char>(value);
    };
    bytes.replace(6, 6, "\x02\x00\x00\x00\x00\x01", 6);
    put16(12, 0x0800);
    bytes[14] = 0x45;
    put16(16, 40);
    bytes[22] = static_cast<char>(ttl);
    bytes[23] = 6;
    bytes.replace(26, 4, source);
    bytes.replace(30, 4, destination);
    put16(34, source_port);
    put16(36, peer_port);
    put16(38, seq >> 16);
    put16(40, seq & 0xffff);
    bytes[46] = 0x50;
    bytes[47] = static_cast<char>(flags);
    put16(48, 64240);
    return bytes;
}

inline tw_packet packet(std::string_view data, std::uint8_t direction, std::string_view device = "veth0") {
    tw_packet packet{};
    packet.length = static_cast<std::uint32_t>(data.size());
    packet.captured = static_cast<std::uint16_t>(data.size());
    packet.link_type = 1;
    packet.ifindex = 2;
    packet.direction = direction;
    packet.link_header = 14;
    device.copy(reinterpret_cast<char*>(packet.ifname), TW_IFNAME_LEN);
    data.copy(reinterpret_cast<char*>(packet.data), TW_PACKET_BYTES);
    return packet;
}

inline tcpwitness::Metadata metadata() {
    return {{"abi", "1"},
            {"tool", "tcpwitness 0.1.0"},
            {"host", "box"},
            {"kernel", "Linux 6.18.0"},
            {"boot_id", "0123"},
            {"command", "tcpwitness record -w x"},
            {"clock.boot_to_wall_ns", std::to_string(boot_to_wall)},
            {"started_ns", std::to_string(100 * second)},
            {"netns.4026532001.name", "edge"},
            {"netns.4026532001.sysctl.net.ipv4.tcp_syn_retries", "2"},
            {"netns.4026532002.name", "fe"},
            {"probe.state.hook", "tp_btf/inet_sock_set_state"},
            {"probe.state.status", "attached"},
            {"reason.reset.5", "SK_RST_REASON_TCP_ABORT_ON_CLOSE"}};
}

/// Three records of a connect() that times out, a SYN and the RST, the reset that the front end sent on another connection, its end.
inline std::string trace(bool ended = true) {
    tcpwitness::TraceEncoder encoder(metadata(), boot_to_wall);
    Recorder edge_side;
    const auto put = [&](const std::string& record) { encoder.record(record.data(), record.size()); };

    tw_state state{};
    state.pid = 500;
    state.tid = 501;
    state.old_state = 7;
    state.new_state = 2;
    put(edge_side.record(TW_STATE, TW_PROBE_STATE, state));

    edge_side.time_ns += 1000;
    tw_timer_body timer{};
    timer.timeout_ms = 1000;
    timer.rto_us = 1'000'000;
    timer.snd_una = 7000;
    timer.what = TW_TIMER_ARMED;
    timer.timer = TW_TIMER_RTO;
    put(edge_side.record(TW_TIMER, TW_PROBE_TIMER_ARMED, timer));

    edge_side.time_ns += 1000;
    Recorder wire;
    wire.cpu = 1;
    wire.family = 0;
    wire.cookie = 0;
    wire.time_ns = edge_side.time_ns;
    put(wire.record(TW_PACKET, TW_PROBE_PACKET_OUT, packet(segment(edge_side.local, edge_side.peer, 40001, 5061, 0x02, 7000, 64), TW_OUT)));
    wire.netns = front_end;
    wire.time_ns += 24'000;
    put(wire.record(TW_PACKET, TW_PROBE_PACKET_IN, packet(segment(edge_side.local, edge_side.peer, 40001, 5061, 0x04, 7001, 64), TW_IN)));

    edge_side.time_ns += second;
    tw_retransmit retransmit{};
    retransmit.tcp.snd_una = 7000;
    retransmit.tcp.rto_us = 1'000'000;
    retransmit.tcp.retransmits = 1;
    retransmit.seq = 7000;
    retransmit.end_seq = 7001;
    retransmit.what = TW_RETX_SYN;
    put(edge_side.record(TW_RETRANSMIT, TW_PROBE_RETRANSMIT, retransmit));

    Recorder fe_side;
    fe_side.cpu = 2;
    fe_side.netns = front_end;
    fe_side.time_ns = edge_side.time_ns + 10;
    fe_side.cookie = 0x2002;
    fe_side.state = 1;
    fe_side.family = 10;
    fe_side.local = std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    fe_side.peer = std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 16);
    fe_side.local_port = 443;
    tw_reset_out reset{};
    reset.task = task(900, "server");
    reset.reason = 5;
    reset.flags = TW_RESET_REASON;
    put(fe_side.record(TW_RESET_OUT, TW_PROBE_RESET_OUT, reset));

    edge_side.time_ns = 107 * second;
    edge_side.state = 7;
    tw_error error{};
    error.error = 110;
    put(edge_side.record(TW_ERROR, TW_PROBE_ERROR, error));
    edge_side.time_ns += 1000;
    tw_call call{};
    call.enter_ns = 100 * second - 1000;
    call.task = task(500, "client");
    call.ret = -110;
    call.fd = 3;
    call.op = TW_CALL_CONNECT;
    put(edge_side.record(TW_CALL, TW_PROBE_CALL_EXIT, call));
    if (ended) encoder.meta(108 * second, "ended_ns", std::to_string(108 * second));
    return std::move(encoder.buffer());
}

/// An echo request over lo that `tcpwitness mark` sent.
inline tw_icmp marker(std::string_view name) {
    tw_icmp icmp{};
    icmp.direction = TW_IN;
    icmp.type = 8;
    icmp.ttl = 64;
    icmp.echo_payload = 48;
    std::memcpy(icmp.sender, "\x7f\0\0\1", 4);
    std::memcpy(icmp.receiver, "\x7f\0\0\1", 4);
    std::memcpy(icmp.ifname, "lo", 2);
    name.copy(reinterpret_cast<char*>(icmp.marker), TW_MARKER_LEN);
    return icmp;
}

/// One record of every kind, 1 ms apart.
inline std::vector<std::string> every_kind() {
    Recorder from;
    from.cpu = 3;
    from.time_ns = 109 * second;
    from.family = 10;
    from.local = std::string("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01", 16);  // v4-mapped
    from.peer = std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 16);
    std::vector<std::string> records;
    const auto add = [&](std::uint8_t kind, std::uint8_t probe, const auto& body, std::string_view extra = {}) {
        records.push_back(from.record(kind, probe, body, extra));
        from.time_ns += 1'000'000;
    };
    tw_call call{};
    call.enter_ns = from.time_ns - 500;
    call.task = task(500, "server");
    call.listener = 0x77;
    call.ret = 9;
    call.fd = 4;
    call.op = TW_CALL_ACCEPT;
    call.flags = TW_CALL_NONBLOCK;
    add(TW_CALL, TW_PROBE_CALL_EXIT, call);
    tw_state state{};
    state.old_state = 7;
    state.new_state = 10;
    state.argument = 128;
    add(TW_STATE, TW_PROBE_STATE, state);
    tw_timer_body timer{};
    timer.timeout_ms = 204;
    timer.snd_una = 4'000'000'000;
    timer.what = TW_TIMER_FIRED;
    timer.timer = TW_TIMER_LOSS_PROBE;
    timer.retransmits = 3;
    add(TW_TIMER, TW_PROBE_TIMER_FIRED, timer);
    tw_retransmit retransmit{};
    retransmit.tcp.write_seq = 100;
    retransmit.tcp.snd_una = 4'294'967'290;
    retransmit.what = TW_RETX_FAST;
    retransmit.error = -101;
    add(TW_RETRANSMIT, TW_PROBE_RETRANSMIT, retransmit);
    tw_synack_retransmit synack{};
    synack.sent_isn = 12345;
    synack.received_isn = 777;
    synack.timeout_ms = 1000;
    synack.retransmits = 2;
    add(TW_SYNACK_RETRANSMIT, TW_PROBE_SYNACK_RETRANSMIT, synack);
    tw_error error{};
    error.error = 103;
    error.task = task(600, "ss");
    add(TW_ERROR, TW_PROBE_ERROR, error);
    tw_reset_in received{};
    received.tcp.rcv_nxt = 50;
    received.tcp.copied_seq = 8;
    received.tcp.socket_dead = 1;
    add(TW_RESET_IN, TW_PROBE_RESET_IN, received);
    tw_reset_out sent{};
    sent.reason = 99;
    sent.flags = TW_RESET_REASON | TW_RESET_ANSWER | TW_RESET_NO_SOCKET;
    sent.seq = 31;
    sent.segment_flags = 0x02;
    sent.listener = 0x3003;
    add(TW_RESET_OUT, TW_PROBE_RESET_OUT, sent);
    tw_destroy destroy{};
    destroy.bytes_acked = 5'000'000'000;
    destroy.total_retrans = 6;
    add(TW_DESTROY, TW_PROBE_DESTROY, destroy);
    tw_process_exit exit{};
    exit.task = task(500, "server");
    exit.code = 9;
    exit.flags = TW_EXIT_OUT_OF_MEMORY;
    add(TW_PROCESS_EXIT, TW_PROBE_PROCESS_EXIT, exit);
    tw_snapshot snapshot{};
    snapshot.task = task(500, "server");
    snapshot.fd = 4;
    snapshot.accept_queue = 1;
    snapshot.accept_max = 128;
    add(TW_SNAPSHOT, TW_PROBE_SNAPSHOT_FILES, snapshot);
    tw_queue queue{};
    queue.since_ns = from.time_ns - 6 * second;
    queue.task = task(500, "server");
    queue.accept_queue = 129;
    queue.accept_max = 128;
    queue.syn_queue = 7;
    queue.drops = 42;
    queue.what = TW_QUEUE_LISTENER;
    queue.process_state = 'T';
    queue.threads = 3;
    std::memcpy(queue.call, "accept4", 7);
    std::memcpy(queue.wait, "do_signal_stop", 14);
    add(TW_QUEUE, TW_PROBE_QUEUE, queue);
    tw_option option{};
    option.pid = option.tid = 500;
    option.fd = 9;
    option.level = SOL_SOCKET;
    option.option = SO_LINGER;
    option.value = 1;
    add(TW_OPTION, TW_PROBE_OPTION, option);
    tw_sample periodic{};
    periodic.tcp.srtt_us = 24'300;
    periodic.tcp.snd_cwnd = 10;
    periodic.totals.bytes_acked = 5'000'000'000;
    periodic.totals.total_retrans = 6;
    periodic.totals.rttvar_us = 1500;
    periodic.totals.rwnd_limited_ms = 2000;
    periodic.send_window = 65536;
    add(TW_SAMPLE, TW_PROBE_SAMPLE, periodic);
    tw_drop drop{};
    drop.reason = 12;
    drop.seq = 31;
    drop.flags = TW_DROP_SOCKET;
    drop.direction = TW_OUT;
    drop.protocol = 6;
    drop.segment_flags = 0x02;
    drop.ttl = 64;
    std::memcpy(drop.ifname, "eth0", 4);
    std::memcpy(drop.place, "nf_hook_slow", 12);
    std::memcpy(drop.caller, "__ip_local_out", 14);
    add(TW_DROP, TW_PROBE_DROP, drop);
    tw_icmp icmp{};
    icmp.mtu = 1280;
    icmp.quoted_seq = 31;
    icmp.quoted_length = 1500;
    icmp.direction = TW_IN;
    icmp.type = 2;
    icmp.ttl = 63;
    std::memcpy(icmp.sender, from.peer.data(), 16);
    icmp.sender[15] = 9;
    std::memcpy(icmp.receiver, from.peer.data(), 16);
    std::memcpy(icmp.ifname, "eth0", 4);
    add(TW_ICMP, TW_PROBE_PACKET_IN, icmp);
    tw_route route{};
    route.task = task(500, "server");
    route.error = 101;
    route.table = 254;
    route.for_connect = 1;
    route.answer = TW_ROUTE_ASKED;
    add(TW_ROUTE, TW_PROBE_ROUTE, route);
    tw_neighbour neighbour{};
    neighbour.what = TW_NEIGHBOUR_CHANGED;
    neighbour.old_mac[0] = neighbour.new_mac[0] = 2;
    neighbour.new_mac[5] = 255;
    std::memcpy(neighbour.ifname, "eth0", 4);
    add(TW_NEIGHBOUR, TW_PROBE_NEIGHBOUR_CHANGED, neighbour);
    tw_gap gap{};
    gap.from_ns = 109 * second;
    gap.to_ns = 110 * second;
    gap.lost = 42;
    gap.lost_probe = TW_PROBE_TIMER_ARMED;
    add(TW_GAP, TW_PROBE_COLLECTOR, gap);
    tw_repeats repeats{};
    repeats.from_ns = 109 * second;
    repeats.to_ns = 110 * second;
    repeats.count = 199'950;
    repeats.what = TW_REPEAT_RESET_OUT;
    repeats.prefix_length = 24;
    repeats.reason = 3;
    repeats.flags = TW_RESET_REASON;
    add(TW_REPEATS, TW_PROBE_COLLECTOR, repeats);
    tw_meta meta{};
    meta.length = 9;
    add(TW_META, TW_PROBE_COLLECTOR, meta, std::string_view("colour=ed\0\0\0", 12));
    tw_environment fact{};
    fact.what = TW_ENVIRONMENT_CHANGED;
    fact.topic_length = 6;
    fact.name_length = 21;
    fact.before_length = 2;
    fact.after_length = 1;
    add(TW_ENVIRONMENT, TW_PROBE_COLLECTOR, fact, std::string_view("sysctlnet.ipv4.tcp_retries2158\0\0", 32));
    add(200, TW_PROBE_STATE, state);  // of a newer ABI
    return records;
}

}  // namespace sample
