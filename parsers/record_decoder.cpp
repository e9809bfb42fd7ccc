#include "parsers/record_decoder.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "bpf/records.h"
#include "model/marker.h"
#include "parsers/environment_record.h"
#include "parsers/packet_headers.h"
#include "parsers/pcapng_format.h"
#include "parsers/probe_names.h"

namespace tcpwitness {

namespace {

constexpr std::uint8_t listening = 10;

/// The body that each kind has at least; 0 = a kind of a newer ABI.
std::size_t body_size(std::uint8_t kind) {
    switch (kind) {
        case TW_CALL: return sizeof(tw_call);
        case TW_STATE: return sizeof(tw_state);
        case TW_TIMER: return sizeof(tw_timer_body);
        case TW_RETRANSMIT: return sizeof(tw_retransmit);
        case TW_SYNACK_RETRANSMIT: return sizeof(tw_synack_retransmit);
        case TW_ERROR: return offsetof(tw_error, task);  // as it was first
        case TW_RESET_IN: return sizeof(tw_reset_in);
        case TW_RESET_OUT: return offsetof(tw_reset_out, listener);  // as it was first
        case TW_DESTROY: return offsetof(tw_destroy, rttvar_us);  // as it was first
        case TW_PROCESS_EXIT: return sizeof(tw_process_exit);
        case TW_PACKET: return offsetof(tw_packet, data);
        case TW_SNAPSHOT: return sizeof(tw_snapshot);
        case TW_GAP: return sizeof(tw_gap);
        case TW_META: return sizeof(tw_meta);
        case TW_DROP: return sizeof(tw_drop);
        case TW_ICMP: return offsetof(tw_icmp, marker);  // as it was first
        case TW_ROUTE: return sizeof(tw_route);
        case TW_NEIGHBOUR: return sizeof(tw_neighbour);
        case TW_QUEUE: return sizeof(tw_queue);
        case TW_OPTION: return sizeof(tw_option);
        case TW_SAMPLE: return sizeof(tw_sample);
        case TW_ENVIRONMENT: return sizeof(tw_environment);
        case TW_REPEATS: return sizeof(tw_repeats);
        default: return 0;
    }
}

std::optional<std::size_t> address_size(std::uint8_t family) {
    switch (family) {
        case 0: return 0;
        case AF_INET: return 4;
        case AF_INET6: return 16;
        default: return std::nullopt;
    }
}

/// A record whose lengths have been checked. Records are 4-byte aligned only, so bodies are copied out.
struct Record {
    tw_head head;
    std::string_view body;

    template <typename T>
    T as() const {
        T value{};
        std::memcpy(&value, body.data(), std::min(body.size(), sizeof value));  // fields that the kind grew later may be missing
        return value;
    }
};

template <std::size_t size>
std::string text_of(const std::uint8_t (&bytes)[size]) {
    const auto* text = reinterpret_cast<const char*>(bytes);
    return clean(std::string_view(text, strnlen(text, size)));
}

Task task_of(const tw_task& task) { return {task.pid, task.tid, task.cgroup, text_of(task.comm)}; }

TcpNumbers numbers_of(const tw_tcp& tcp) {
    return {.snd_una = tcp.snd_una,
            .snd_nxt = tcp.snd_nxt,
            .write_seq = tcp.write_seq,
            .rcv_nxt = tcp.rcv_nxt,
            .copied_seq = tcp.copied_seq,
            .srtt_us = tcp.srtt_us,
            .rto_us = tcp.rto_us,
            .snd_cwnd = tcp.snd_cwnd,
            .recv_idle_ms = tcp.recv_idle_ms,
            .send_idle_ms = tcp.send_idle_ms,
            .ca_state = tcp.ca_state,
            .retransmits = tcp.retransmits,
            .backoff = tcp.backoff,
            .probes_out = tcp.probes_out,
            .pending = tcp.pending,
            .shutdown = tcp.shutdown,
            .closed_by_application = tcp.socket_dead != 0};
}

Destroy totals_of(const tw_destroy& body) {
    return {body.bytes_acked, body.bytes_received, body.segs_out, body.segs_in, body.total_retrans, body.srtt_us,
            body.rttvar_us, body.snd_cwnd, body.busy_ms, body.rwnd_limited_ms, body.sndbuf_limited_ms};
}

Queue decode_queue(const tw_queue& body) {
    return {.what = static_cast<Queue::What>(body.what),
            .since_ns = body.since_ns,
            .over = (body.flags & TW_QUEUE_OVER) != 0,
            .window_closed = (body.flags & TW_QUEUE_WINDOW_CLOSED) != 0,
            .send_buffer_full = (body.flags & TW_QUEUE_SEND_BUFFER_FULL) != 0,
            .accepted = (body.flags & TW_QUEUE_ACCEPTED) != 0,
            .accept_queue = body.accept_queue,
            .accept_max = body.accept_max,
            .syn_queue = body.syn_queue,
            .drops = body.drops,
            .overflows = body.overflows,
            .syn_cookies = body.syn_cookies,
            .unread = body.unread,
            .receive_window = body.receive_window,
            .receive_buffer = body.receive_buffer,
            .unacknowledged = body.unacknowledged,
            .send_window = body.send_window,
            .send_buffer = body.send_buffer,
            .probes_out = body.probes_out,
            .task = task_of(body.task),
            .process_state = static_cast<char>(body.process_state),
            .threads = body.threads,
            .call = text_of(body.call),
            .wait = text_of(body.wait)};
}

/// An event with everything that the record's head says, appended to `out`.
Event common_event(const Record& record, TraceContext& context) {
    Event event;
    const tw_head& head = record.head;
    event.time_ns = head.time_ns;
    event.witness = context.witness(head.netns);
    event.cookie = head.cookie;
    event.socket_id = head.socket_id;
    event.seq = head.seq;
    event.cpu = head.cpu;
    event.state = static_cast<TcpState>(head.state);
    return event;
}

Event& add_event(const Record& record, const Flow& flow, TraceContext& context, std::vector<Event>& out) {
    Event& event = out.emplace_back(common_event(record, context));
    event.flow = flow;
    return event;
}

void decode_call(const Record& record, const Flow& flow, TraceContext& context, std::vector<Event>& out) {
    const auto body = record.as<tw_call>();
    Call call;
    call.op = static_cast<Call::Op>(body.op);
    call.phase = Call::Phase::enter;
    call.task = task_of(body.task);
    call.fd = body.op == TW_CALL_SOCKET ? -1 : body.fd;
    call.argument = body.argument;
    call.nonblocking = body.flags & TW_CALL_NONBLOCK;
    call.unfinished = body.flags & TW_CALL_UNFINISHED;
    call.listener_cookie = body.listener;
    call.listener_socket_id = body.listener_id;
    if (body.enter_ns) {  // else the call began before the recorder
        Event& enter = add_event(record, flow, context, out);
        enter.time_ns = std::min(body.enter_ns, record.head.time_ns);
        enter.body = call;
    }
    if (call.unfinished) return;

    call.phase = Call::Phase::exit;
    call.ret = body.ret;
    if (body.enter_ns) call.took_ns = record.head.time_ns - std::min(body.enter_ns, record.head.time_ns);
    if (body.ret >= 0 && (body.op == TW_CALL_SOCKET || body.op == TW_CALL_ACCEPT)) call.fd = body.ret;
    add_event(record, flow, context, out).body = std::move(call);
}

EventBody decode_reset_sent(const Record& record, const TraceContext& context) {
    const auto body = record.as<tw_reset_out>();
    ResetSent reset;
    reset.tcp = numbers_of(body.tcp);
    reset.task = task_of(body.task);
    if (body.flags & TW_RESET_REASON) reset.reason = context.reset_reason(body.reason);
    reset.answers_segment = body.flags & TW_RESET_ANSWER;
    reset.has_socket = !(body.flags & TW_RESET_NO_SOCKET);
    reset.seq = body.seq;
    reset.ack = body.ack;
    reset.segment_flags = body.segment_flags;
    if (body.flags & TW_RESET_FIREWALL) reset.firewall_hook = body.hook;
    if (body.by <= TW_RESET_BY_KERNEL) reset.by = static_cast<ResetSent::By>(body.by);
    if (reset.by == ResetSent::By::kernel) reset.task = {};  // a timer runs in whatever process it finds
    reset.linger_told = body.flags & TW_RESET_LINGER_TOLD;
    if (body.flags & TW_RESET_LINGER) reset.linger_s = body.linger_s;
    reset.listener_cookie = body.listener;
    return reset;
}

Status decode_packet(const Record& record, TraceContext& context, std::vector<Event>& out) {
    constexpr std::uint8_t ethernet_header = 14;
    tw_packet packet;
    std::memcpy(&packet, record.body.data(), offsetof(tw_packet, data));
    std::string_view data = record.body.substr(offsetof(tw_packet, data));
    if (packet.captured > data.size() || packet.link_header > packet.captured)
        return Error{fmt::format("packet record claims {} bytes and a link header of {}, but holds {}", packet.captured, packet.link_header,
                                 data.size())};
    data = data.substr(0, packet.captured);
    const bool ethernet = packet.link_header == ethernet_header;
    if (!ethernet) data.remove_prefix(packet.link_header);
    const std::uint32_t wire = packet.length - (ethernet ? 0 : std::min<std::uint32_t>(packet.link_header, packet.length));
    auto parsed = parse_segment(ethernet ? pcapng::link::ethernet : pcapng::link::raw_ip, data, wire);
    if (!parsed) {
        ++context.info().foreign_packets;
        return success();
    }
    const std::string_view device(reinterpret_cast<const char*>(packet.ifname),
                                  strnlen(reinterpret_cast<const char*>(packet.ifname), TW_IFNAME_LEN));
    parsed->segment.interface = context.interface(record.head.netns, packet.ifindex, device);
    add_segment_events(common_event(record, context), *parsed, packet.direction == TW_OUT, device, out);
    return success();
}

EventBody decode_drop(const Record& record, const TraceContext& context) {
    const auto body = record.as<tw_drop>();
    Drop drop;
    drop.reason = context.drop_reason(body.reason);
    drop.place = text_of(body.place);
    drop.caller = text_of(body.caller);
    drop.device = text_of(body.ifname);
    drop.outgoing = body.direction == TW_OUT;
    drop.has_socket = body.flags & TW_DROP_SOCKET;
    drop.icmp = body.protocol != IPPROTO_TCP;
    drop.flags = body.segment_flags;
    drop.icmp_type = body.icmp_type;
    drop.icmp_code = body.icmp_code;
    drop.ttl = body.ttl;
    drop.seq = body.seq;
    drop.ack = body.ack;
    drop.payload = body.payload;
    return drop;
}

EventBody decode_icmp(const Record& record) {
    const auto body = record.as<tw_icmp>();
    Icmp icmp;
    icmp.outgoing = body.direction == TW_OUT;
    icmp.v6 = record.head.family == AF_INET6;
    icmp.type = body.type;
    icmp.code = body.code;
    icmp.ttl = body.ttl;
    icmp.mtu = body.mtu;
    icmp.quoted_seq = body.quoted_seq;
    icmp.quoted_bytes = body.quoted_length;
    icmp.echo_payload = body.echo_payload;
    icmp.echo_id = body.echo_id;
    icmp.echo_seq = body.echo_seq;
    icmp.sender = icmp.v6 ? Address::ipv6(body.sender) : Address::ipv4(body.sender);
    icmp.receiver = icmp.v6 ? Address::ipv6(body.receiver) : Address::ipv4(body.receiver);
    icmp.device = text_of(body.ifname);
    if (icmp.echo_request() && marker_name_fits(text_of(body.marker))) icmp.marker = text_of(body.marker);
    return icmp;
}

EventBody decode_neighbour(const tw_neighbour& body) {
    Neighbour neighbour;
    neighbour.what = static_cast<Neighbour::What>(body.what);
    neighbour.probes = body.probes;
    std::memcpy(neighbour.old_mac.data(), body.old_mac, neighbour.old_mac.size());
    std::memcpy(neighbour.new_mac.data(), body.new_mac, neighbour.new_mac.size());
    neighbour.device = text_of(body.ifname);
    return neighbour;
}

EventBody decode_repeats(const tw_repeats& body, const TraceContext& context) {
    Repeats repeats;
    repeats.what = static_cast<Repeats::What>(body.what);
    repeats.count = body.count;
    repeats.from_ns = body.from_ns;
    repeats.to_ns = body.to_ns;
    repeats.prefix_length = body.prefix_length;
    if (body.flags & TW_RESET_REASON)
        repeats.reason = repeats.what == Repeats::What::drop ? context.drop_reason(static_cast<std::uint32_t>(body.reason)) : context.reset_reason(body.reason);
    return repeats;
}

/// Kinds of one event that need nothing but their body.
EventBody decode_body(const Record& record, const TraceContext& context) {
    switch (record.head.kind) {
        case TW_STATE: {
            const auto body = record.as<tw_state>();
            return StateChange{static_cast<TcpState>(body.old_state), static_cast<TcpState>(body.new_state), body.pid, body.tid, body.new_state == listening ? body.argument : 0, {}, body.soft_error};
        }
        case TW_TIMER: {
            const auto body = record.as<tw_timer_body>();
            return Timer{static_cast<Timer::What>(body.what), static_cast<Timer::Which>(body.timer), body.timeout_ms, body.snd_una,
                         body.srtt_us, body.rto_us, body.retransmits, body.backoff};
        }
        case TW_RETRANSMIT: {
            const auto body = record.as<tw_retransmit>();
            return Retransmit{static_cast<Retransmit::What>(body.what), numbers_of(body.tcp), body.seq, body.end_seq, body.error};
        }
        case TW_SYNACK_RETRANSMIT: {
            const auto body = record.as<tw_synack_retransmit>();
            return SynAckRetransmit{body.sent_isn, body.received_isn, body.timeout_ms, body.retransmits, body.timeouts};
        }
        case TW_ERROR: {
            const auto body = record.as<tw_error>();
            return SocketError{numbers_of(body.tcp), body.error, body.user_timeout_ms, {}, task_of(body.task)};
        }
        case TW_RESET_IN: return ResetReceived{numbers_of(record.as<tw_reset_in>().tcp)};
        case TW_RESET_OUT: return decode_reset_sent(record, context);
        case TW_DESTROY: return totals_of(record.as<tw_destroy>());
        case TW_PROCESS_EXIT: {
            const auto body = record.as<tw_process_exit>();
            return ProcessExit{task_of(body.task), body.code, (body.flags & TW_EXIT_OUT_OF_MEMORY) != 0};
        }
        case TW_SNAPSHOT: {
            const auto body = record.as<tw_snapshot>();
            return Snapshot{numbers_of(body.tcp), task_of(body.task), body.fd, body.accept_queue, body.accept_max};
        }
        case TW_DROP: return decode_drop(record, context);
        case TW_ICMP: return decode_icmp(record);
        case TW_ROUTE: {
            const auto body = record.as<tw_route>();
            return Route{static_cast<Route::What>(body.type), task_of(body.task), body.error, body.table, body.for_connect != 0, body.answer == TW_ROUTE_ASKED};
        }
        case TW_NEIGHBOUR: return decode_neighbour(record.as<tw_neighbour>());
        case TW_REPEATS: return decode_repeats(record.as<tw_repeats>(), context);
        case TW_QUEUE: return decode_queue(record.as<tw_queue>());
        case TW_OPTION: {
            const auto body = record.as<tw_option>();
            return SocketOption{{body.pid, body.tid, 0, {}}, body.fd, body.level, body.option, body.value, body.linger_s, body.ret};
        }
        case TW_SAMPLE: {
            const auto body = record.as<tw_sample>();
            return Sample{numbers_of(body.tcp), totals_of(body.totals), body.snd_ssthresh, body.send_window, body.receive_window, body.unsent};
        }
        default: {
            const auto body = record.as<tw_gap>();
            return Gap{body.from_ns, body.to_ns, body.lost, probe_name(body.lost_probe)};
        }
    }
}

Flow flow_of(const tw_head& head, const char* addresses) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(addresses);
    Flow flow{{{}, head.local_port}, {{}, head.peer_port}};
    if (head.family == AF_INET) {
        flow.local.address = Address::ipv4(bytes);
        flow.peer.address = Address::ipv4(bytes + 4);
    } else if (head.family == AF_INET6) {
        flow.local.address = Address::ipv6(bytes);
        flow.peer.address = Address::ipv6(bytes + 16);
    }
    return flow;
}

}  // namespace

Status RecordDecoder::decode(const void* data, std::size_t size, std::vector<Event>& out) {
    Record record;
    if (size < sizeof record.head) return Error{fmt::format("record of {} bytes is shorter than its head of {}", size, sizeof record.head)};
    std::memcpy(&record.head, data, sizeof record.head);
    const tw_head& head = record.head;
    if (head.size > size || head.size < sizeof head) return Error{fmt::format("record says it has {} bytes, but has {}", head.size, size)};

    const std::size_t least = body_size(head.kind);
    if (least == 0) {
        ++context_.info().unknown_records;
        return success();
    }
    const auto address = address_size(head.family);
    if (!address) return Error{fmt::format("record of kind {} has unknown address family {}", head.kind, head.family)};
    if (head.size < sizeof head + least + 2 * *address)
        return Error{fmt::format("record of kind {} has {} bytes, but needs {}", head.kind, head.size, sizeof head + least + 2 * *address)};
    record.body = std::string_view(static_cast<const char*>(data) + sizeof head, head.size - sizeof head - 2 * *address);

    if (head.kind == TW_META) {
        const auto meta = record.as<tw_meta>();
        const std::string_view text = record.body.substr(sizeof meta);
        if (meta.length > text.size()) return Error{fmt::format("metadata claims {} bytes, but has {}", meta.length, text.size())};
        context_.learn_line(text.substr(0, meta.length));
        return success();
    }
    // An MPTCP socket only repeats what its first TCP socket goes through, under the same tuple.
    if (head.kind == TW_STATE && record.as<tw_state>().new_state != listening && record.as<tw_state>().argument & TW_STATE_MULTIPATH) return success();
    if (head.kind == TW_ROUTE && record.as<tw_route>().answer == TW_ROUTE_OTHER) return success();
    if (head.kind == TW_PACKET) return decode_packet(record, context_, out);
    if (head.kind == TW_ENVIRONMENT) {
        Environment fact;
        if (!read_environment(record.body, fact)) return Error{fmt::format("an environment record's texts are longer than its {} bytes", record.body.size())};
        fact.of_host = head.netns == 0;
        Event& event = out.emplace_back();
        event.time_ns = head.time_ns;
        event.witness = fact.of_host ? 0 : context_.witness(head.netns);
        event.body = std::move(fact);
        return success();
    }
    const Flow flow = flow_of(head, record.body.data() + record.body.size());
    if (head.kind == TW_CALL)
        decode_call(record, flow, context_, out);
    else
        add_event(record, flow, context_, out).body = decode_body(record, context_);
    return success();
}

}  // namespace tcpwitness
