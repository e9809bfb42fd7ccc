#include "parsers/record_decoder.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "support/sample_records.h"

using namespace tcpwitness;

namespace {

/// A decoder with its context and what it yielded.
struct Decoding {
    TraceInfo info;
    TraceContext context{info};
    RecordDecoder decoder{context};
    std::vector<Event> events;

    Status decode(const std::string& record) { return decoder.decode(record.data(), record.size(), events); }

    /// The one event of a record.
    Event one(const std::string& record) {
        events.clear();
        REQUIRE(decode(record).ok());
        REQUIRE(events.size() == 1);
        return events[0];
    }
};

}  // namespace

TEST_CASE("a head's facts reach the event") {
    Decoding decoding;
    sample::Recorder from;
    const Event event = decoding.one(from.record(TW_RESET_IN, TW_PROBE_RESET_IN, tw_reset_in{}));
    CHECK(event.time_ns == from.time_ns);
    CHECK(event.cookie == from.cookie);
    CHECK(event.socket_id == from.socket_id);
    CHECK(event.seq == 1);
    CHECK(event.state == TcpState::syn_sent);
    CHECK(event.flow.local.text() == "10.1.0.2:40001");
    CHECK(event.flow.peer.text() == "10.2.0.2:5061");
    CHECK(decoding.info.witnesses.at(event.witness).netns == sample::edge);
    CHECK(decoding.info.witnesses.at(event.witness).name == "netns 4026532001");
}

TEST_CASE("every kind becomes its event, with its numbers") {
    Decoding decoding;
    const auto records = sample::every_kind();
    for (const std::string& record : records) REQUIRE(decoding.decode(record).ok());
    const auto& events = decoding.events;
    REQUIRE(events.size() == 22);  // the call makes two, metadata and the unknown kind none

    const Call& enter = *events[0].as<Call>();
    CHECK(enter.phase == Call::Phase::enter);
    CHECK(enter.op == Call::Op::accept);
    CHECK(enter.fd == 4);
    CHECK(enter.nonblocking);
    CHECK(enter.listener_cookie == 0x77);
    CHECK(events[0].time_ns + 500 == events[1].time_ns);
    const Call& exit = *events[1].as<Call>();
    CHECK(exit.fd == 9);
    CHECK(exit.ret == 9);
    CHECK(exit.took_ns == 500);
    CHECK(exit.task == Task{500, 501, 77, "server"});
    CHECK(events[1].flow.local.text() == "192.0.2.1:40001");  // v4-mapped

    CHECK(events[2].as<StateChange>()->to == TcpState::listen);
    CHECK(events[2].as<StateChange>()->backlog == 128);
    CHECK(events[3].as<Timer>()->what == Timer::What::fired);
    CHECK(events[3].as<Timer>()->which == Timer::Which::loss_probe);
    CHECK(events[3].as<Timer>()->retransmits == 3);
    CHECK(events[4].as<Retransmit>()->what == Retransmit::What::fast);
    CHECK(events[4].as<Retransmit>()->error == -101);
    CHECK(events[4].as<Retransmit>()->tcp.unacknowledged() == 106);
    CHECK(events[5].as<SynAckRetransmit>()->received_isn == 777);
    CHECK(events[6].as<SocketError>()->error == 103);
    CHECK(events[7].as<ResetReceived>()->tcp.unread() == 42);
    CHECK(events[7].as<ResetReceived>()->tcp.closed_by_application);
    CHECK(events[8].as<ResetSent>()->reason == "reason 99");
    CHECK(events[8].as<ResetSent>()->answers_segment);
    CHECK_FALSE(events[8].as<ResetSent>()->has_socket);
    CHECK(events[9].as<Destroy>()->bytes_acked == 5'000'000'000);
    CHECK(events[10].as<ProcessExit>()->signal() == 9);
    CHECK(events[11].as<Snapshot>()->accept_max == 128);
    const Queue& queue = *events[12].as<Queue>();
    CHECK(queue.what == Queue::What::listener);
    CHECK(queue.full());
    CHECK(queue.drops == 42);
    CHECK(queue.task.comm == "server");
    CHECK(queue.process_state == 'T');
    CHECK(queue.call == "accept4");
    CHECK(queue.wait == "do_signal_stop");
    CHECK_FALSE(queue.over);
    const SocketOption& option = *events[13].as<SocketOption>();
    CHECK(name(option) == "SO_LINGER");
    CHECK(option.value == 1);
    CHECK(option.task.pid == 500);
    const Sample& periodic = *events[14].as<Sample>();
    CHECK(periodic.tcp.srtt_us == 24'300);
    CHECK(periodic.totals.bytes_acked == 5'000'000'000);
    CHECK(periodic.totals.rwnd_limited_ms == 2000);
    CHECK(periodic.send_window == 65536);
    const Drop& drop = *events[15].as<Drop>();
    CHECK(drop.reason == "reason 12");
    CHECK(drop.place == "nf_hook_slow");
    CHECK(drop.caller == "__ip_local_out");
    CHECK(drop.device == "eth0");
    CHECK(drop.outgoing);
    CHECK(drop.has_socket);
    CHECK(drop.syn());
    const Icmp& icmp = *events[16].as<Icmp>();
    CHECK(icmp.too_big());
    CHECK(icmp.mtu == 1280);
    CHECK(icmp.sender.text() == "2001:db8::9");
    CHECK(icmp.quoted_bytes == 1500);
    const Route& route = *events[17].as<Route>();
    CHECK(route.what == Route::What::no_route);
    CHECK(route.error == 101);
    CHECK(route.table == 254);
    CHECK(route.for_connect);
    CHECK(route.asked_later);
    CHECK(route.task.comm == "server");
    CHECK(events[18].as<Neighbour>()->what == Neighbour::What::changed);
    CHECK(events[18].as<Neighbour>()->new_mac[5] == 255);
    CHECK(events[19].as<Gap>()->lost == 42);
    CHECK(events[19].as<Gap>()->probe == "timer_armed");

    const Repeats& repeats = *events[20].as<Repeats>();
    CHECK(repeats.what == Repeats::What::reset_sent);
    CHECK(repeats.count == 199'950);
    CHECK(repeats.to_ns - repeats.from_ns == 1'000'000'000);
    CHECK(repeats.prefix_length == 24);
    CHECK_FALSE(repeats.reason.empty());

    CHECK(events[21].as<Environment>()->name == "net.ipv4.tcp_retries2");
    CHECK(events[21].as<Environment>()->before == "15");

    CHECK(decoding.info.meta.at("colour") == "ed");
    CHECK(decoding.info.unknown_records == 1);
}

TEST_CASE("a call that the recording ended in has only its enter event") {
    Decoding decoding;
    sample::Recorder from;
    tw_call call{};
    call.enter_ns = from.time_ns - 5;
    call.op = TW_CALL_CONNECT;
    call.flags = TW_CALL_UNFINISHED;
    const Event event = decoding.one(from.record(TW_CALL, TW_PROBE_CALL_EXIT, call));
    CHECK(event.as<Call>()->unfinished);
    CHECK(event.time_ns == call.enter_ns);
}

TEST_CASE("reasons carry the running kernel's names, without prefix, and only where it told one") {
    Decoding decoding;
    decoding.context.learn("reason.reset.5", "SK_RST_REASON_TCP_ABORT_ON_CLOSE");
    sample::Recorder from;
    tw_reset_out reset{};
    reset.reason = 5;
    CHECK(decoding.one(from.record(TW_RESET_OUT, TW_PROBE_RESET_OUT, reset)).as<ResetSent>()->reason.empty());
    reset.flags = TW_RESET_REASON;
    CHECK(decoding.one(from.record(TW_RESET_OUT, TW_PROBE_RESET_OUT, reset)).as<ResetSent>()->reason == "TCP_ABORT_ON_CLOSE");
}

TEST_CASE("a reset tells what made it, and SO_LINGER only where it was read") {
    Decoding decoding;
    sample::Recorder from;
    tw_reset_out reset{};
    CHECK_FALSE(decoding.one(from.record(TW_RESET_OUT, TW_PROBE_RESET_OUT, reset)).as<ResetSent>()->linger_told);
    reset.flags = TW_RESET_LINGER_TOLD;
    reset.linger_s = 3;
    reset.by = TW_RESET_BY_DESTROY;
    reset.task = sample::task(600, "ss");
    const Event off = decoding.one(from.record(TW_RESET_OUT, TW_PROBE_RESET_OUT, reset));
    CHECK(off.as<ResetSent>()->linger_told);
    CHECK_FALSE(off.as<ResetSent>()->linger_s);
    CHECK(off.as<ResetSent>()->by == ResetSent::By::sock_destroy);
    reset.flags |= TW_RESET_LINGER;
    CHECK(decoding.one(from.record(TW_RESET_OUT, TW_PROBE_RESET_OUT, reset)).as<ResetSent>()->linger_s == 3u);
    reset.by = 200;
    CHECK(decoding.one(from.record(TW_RESET_OUT, TW_PROBE_RESET_OUT, reset)).as<ResetSent>()->by == ResetSent::By::unknown);
}

TEST_CASE("drop reasons carry the running kernel's names, of subsystems too") {
    Decoding decoding;
    decoding.context.learn("reason.drop.12", "SKB_DROP_REASON_NETFILTER_DROP");
    decoding.context.learn("reason.drop.131073", "OVS_DROP_LAST_ACTION");
    sample::Recorder from;
    tw_drop drop{};
    drop.reason = 12;
    CHECK(decoding.one(from.record(TW_DROP, TW_PROBE_DROP, drop)).as<Drop>()->by_packet_filter());
    drop.reason = 131073;
    CHECK(decoding.one(from.record(TW_DROP, TW_PROBE_DROP, drop)).as<Drop>()->reason == "OVS_DROP_LAST_ACTION");
}

TEST_CASE("a packet record is a segment of its device") {
    Decoding decoding;
    sample::Recorder from;
    from.family = 0;
    const std::string bytes = sample::segment(from.local, from.peer, 40001, 5061, 0x12, 7, 64);
    const Event in = decoding.one(from.record(TW_PACKET, TW_PROBE_PACKET_IN, sample::packet(bytes, TW_IN)));
    CHECK(in.as<Segment>()->syn_ack());
    CHECK(in.flow.peer.text() == "10.1.0.2:40001");
    CHECK(decoding.info.interfaces.at(in.as<Segment>()->interface).name == "veth0");
    tw_packet tunnel = sample::packet(bytes.substr(14), TW_OUT, "tun0");
    tunnel.link_header = 0;
    tunnel.ifindex = 3;
    const Event out = decoding.one(from.record(TW_PACKET, TW_PROBE_PACKET_OUT, tunnel));
    CHECK(out.flow.local.text() == "10.1.0.2:40001");
    CHECK(decoding.info.interfaces.size() == 2);
}

TEST_CASE("an exit tells whom the OOM killer chose") {
    for (const std::uint32_t flags : {0u, static_cast<std::uint32_t>(TW_EXIT_OUT_OF_MEMORY)}) {
        Decoding decoding;
        sample::Recorder from;
        tw_process_exit exit{};
        exit.task = sample::task(1, "worker");
        exit.code = 9;
        exit.flags = flags;
        const Event event = decoding.one(from.record(TW_PROCESS_EXIT, TW_PROBE_PROCESS_EXIT, exit));
        CHECK(event.as<ProcessExit>()->signal() == 9);
        CHECK(event.as<ProcessExit>()->out_of_memory == (flags != 0));
    }
}

TEST_CASE("text of the traced host cannot drive a terminal") {
    Decoding decoding;
    sample::Recorder from;
    tw_process_exit exit{};
    exit.task = sample::task(1, "\x1b[31mevil\xff");
    CHECK(decoding.one(from.record(TW_PROCESS_EXIT, TW_PROBE_PROCESS_EXIT, exit)).as<ProcessExit>()->task.comm == "?[31mevil?");
}

TEST_CASE("a longer body of a newer ABI is read by what is known of it") {
    Decoding decoding;
    sample::Recorder from;
    tw_error error{};
    error.error = 110;
    const Event event = decoding.one(from.record(TW_ERROR, TW_PROBE_ERROR, error, std::string(12, 'x')));
    CHECK(event.as<SocketError>()->error == 110);
    CHECK(event.flow.peer.text() == "10.2.0.2:5061");
}

TEST_CASE("an older, shorter body of a kind that has grown is read, what it lacks is 0") {
    Decoding decoding;
    sample::Recorder from;
    tw_destroy destroy{};
    destroy.srtt_us = 41;
    destroy.rttvar_us = 42;
    std::string record = from.record(TW_DESTROY, TW_PROBE_DESTROY, destroy);
    record.erase(sizeof(tw_head) + offsetof(tw_destroy, rttvar_us), sizeof destroy - offsetof(tw_destroy, rttvar_us));
    const auto size = static_cast<std::uint16_t>(record.size());
    std::memcpy(record.data() + offsetof(tw_head, size), &size, sizeof size);
    const Event event = decoding.one(record);
    CHECK(event.as<Destroy>()->srtt_us == 41);
    CHECK(event.as<Destroy>()->rttvar_us == 0);
    CHECK(event.flow.peer.text() == "10.2.0.2:5061");
}

TEST_CASE("a lookup that explains no error is no event") {
    Decoding decoding;
    sample::Recorder from;
    tw_route route{};
    route.error = 22;
    route.for_connect = 1;
    CHECK(decoding.one(from.record(TW_ROUTE, TW_PROBE_ROUTE, route)).as<Route>()->error == 22);
    route.answer = TW_ROUTE_OTHER;
    decoding.events.clear();
    REQUIRE(decoding.decode(from.record(TW_ROUTE, TW_PROBE_ROUTE, route)).ok());
    CHECK(decoding.events.empty());
}

TEST_CASE("an echo request's marker is its name; an older record of one has none, a name that cannot be is none") {
    Decoding decoding;
    sample::Recorder from;
    const tw_icmp echo = sample::marker("before-restart");
    std::string record = from.record(TW_ICMP, TW_PROBE_PACKET_IN, echo);
    CHECK(decoding.one(record).as<Icmp>()->marker == "before-restart");
    CHECK(decoding.one(from.record(TW_ICMP, TW_PROBE_PACKET_IN, sample::marker("\x1b[31m"))).as<Icmp>()->marker.empty());
    record.erase(sizeof(tw_head) + offsetof(tw_icmp, marker), sizeof echo - offsetof(tw_icmp, marker));
    const auto size = static_cast<std::uint16_t>(record.size());
    std::memcpy(record.data() + offsetof(tw_head, size), &size, sizeof size);
    const Event event = decoding.one(record);
    CHECK(event.as<Icmp>()->echo_payload == 48);
    CHECK(event.as<Icmp>()->marker.empty());
}

TEST_CASE("a record cut anywhere is an error that says what is wrong") {
    for (const std::string& whole : sample::every_kind()) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            Decoding decoding;
            const auto cut = decoding.decode(whole.substr(0, size));
            REQUIRE_FALSE(cut.ok());
            CHECK(cut.error().message.find("record") != std::string::npos);
            CHECK(decoding.events.empty());
        }
    }
}

TEST_CASE("a body shorter than its kind is an error, also when the record's size agrees") {
    for (const std::string& whole : sample::every_kind()) {
        tw_head head;
        std::memcpy(&head, whole.data(), sizeof head);
        // what a kind grew later may be missing
        if (head.kind == 200 || head.kind == TW_META || head.kind == TW_DESTROY || head.kind == TW_ICMP || head.kind == TW_ERROR || head.kind == TW_RESET_OUT) continue;
        std::string record = whole;
        head.size = static_cast<std::uint16_t>(whole.size() - 4);
        std::memcpy(record.data(), &head, sizeof head);
        Decoding decoding;
        CHECK_FALSE(decoding.decode(record.substr(0, head.size)).ok());
        CHECK_FALSE(decoding.decode(record).ok());
    }
}

TEST_CASE("unknown address families and lying inner lengths are errors") {
    sample::Recorder from;
    std::string record = from.record(TW_ERROR, TW_PROBE_ERROR, tw_error{});
    record[offsetof(tw_head, family)] = 7;
    CHECK_FALSE(Decoding().decode(record).ok());
    tw_meta meta{};
    meta.length = 5;
    CHECK_FALSE(Decoding().decode(from.record(TW_META, TW_PROBE_COLLECTOR, meta, "abcd")).ok());
    from.family = 0;
    tw_packet packet = sample::packet(std::string(54, '\0'), TW_IN);
    packet.captured = TW_PACKET_BYTES + 1;
    CHECK_FALSE(Decoding().decode(from.record(TW_PACKET, TW_PROBE_PACKET_IN, packet)).ok());
    packet.captured = 4;
    CHECK_FALSE(Decoding().decode(from.record(TW_PACKET, TW_PROBE_PACKET_IN, packet)).ok());
}

TEST_CASE("a soft error and what SO_ERROR told are read") {
    Decoding decoding;
    sample::Recorder from;
    tw_state state{};
    state.old_state = 2;
    state.new_state = 7;
    state.soft_error = 111;
    CHECK(decoding.one(from.record(TW_STATE, TW_PROBE_STATE, state)).as<StateChange>()->soft_error == 111);
    state.argument = TW_STATE_MULTIPATH;  // an MPTCP socket's, beside those of its first TCP socket
    decoding.events.clear();
    CHECK(decoding.decode(from.record(TW_STATE, TW_PROBE_STATE, state)).ok());
    CHECK(decoding.events.empty());
    tw_option option{};
    option.level = 1;
    option.option = 4;
    option.value = 113;
    CHECK(decoding.one(from.record(TW_OPTION, TW_PROBE_OPTION, option)).as<SocketOption>()->tells_error());
}
