// Records in, lines out.
#include <catch2/catch.hpp>

#include <cerrno>

#include "base/text.h"
#include "cli/live_view.h"
#include "parsers/record_layout.h"

using namespace tcpwitness;

namespace {

constexpr std::uint64_t ms = 1'000'000, second = 1000 * ms, t0 = 1000 * second;
constexpr std::uint32_t edge = 4026532001, front_end = 4026532002;

/// Can be closed, as a pipe whose reader has ended.
class Screen : public Sink {
public:
    void append(std::string_view text) override { text_ += text; }
    bool good() const override { return !closed; }
    std::vector<std::string> lines() const {
        std::vector<std::string> all;
        for (const std::string_view line : split(text_, '\n'))
            if (!line.empty()) all.emplace_back(line);
        return all;
    }
    bool closed = false;

private:
    std::string text_;
};

/// One socket, and what the kernel side records of it.
struct Socket {
    std::uint64_t cookie;
    Flow flow;
    std::uint32_t netns = edge;
    const char* comm = "dialer";
};

Socket dialer(std::uint64_t number, std::uint16_t port = 5061) {
    const Endpoint local{*Address::parse("10.0.1.2"), static_cast<std::uint16_t>(20000 + number % 40000)};
    return {number, {local, {*Address::parse("10.0.2.2"), port}}};
}

class Live {
public:
    explicit Live(LiveOptions options = {})
        : view({{"host", "box"}, {"reason.reset.5", "SK_RST_REASON_TCP_ABORT_ON_CLOSE"}}, std::move(options), screen) {}

    Screen screen;
    LiveView view;
    std::uint64_t now = t0;

    /// Time passes, as the collector lets it pass: a tick every 20 ms. False once a tick ends it all.
    bool run(std::uint64_t span_ns) {
        for (const std::uint64_t end = now + span_ns; now < end; now += 20 * ms)
            if (!view.tick(now)) return false;
        return true;
    }

    template <typename Body>
    void put(const Socket& socket, RecordBuilder<Body> record, TcpState state, std::uint64_t time_ns = 0) {
        record.head.time_ns = time_ns ? time_ns : now++;
        record.head.cookie = socket.cookie;
        record.head.socket_id = static_cast<std::uint32_t>(socket.cookie);
        record.head.netns = socket.netns;
        record.head.state = static_cast<std::uint8_t>(state);
        const std::string bytes = record.bytes(socket.flow);
        CHECK(view.record(record.head, bytes.data(), bytes.size()));
    }
    void state(const Socket& socket, TcpState from, TcpState to) {
        RecordBuilder<tw_state> record(TW_STATE, TW_PROBE_STATE);
        record.body.old_state = static_cast<std::uint8_t>(from);
        record.body.new_state = static_cast<std::uint8_t>(to);
        put(socket, record, from);
    }
    void call(const Socket& socket, tw_call_op op, std::int32_t ret, std::uint64_t took_ns = 1000) {
        RecordBuilder<tw_call> record(TW_CALL, TW_PROBE_CALL_EXIT);
        record.body.enter_ns = now - took_ns;
        record.body.task.pid = record.body.task.tid = 500;
        std::string(socket.comm).copy(reinterpret_cast<char*>(record.body.task.comm), TW_COMM_LEN);
        record.body.op = static_cast<std::uint8_t>(op);
        record.body.ret = ret;
        put(socket, record, TcpState::close);
    }
    void error(const Socket& socket, std::int32_t number) {
        RecordBuilder<tw_error> record(TW_ERROR, TW_PROBE_ERROR);
        record.body.error = number;
        put(socket, record, TcpState::close);
    }
    void destroy(const Socket& socket) { put(socket, RecordBuilder<tw_destroy>(TW_DESTROY, TW_PROBE_DESTROY), TcpState::close); }

    void refused(const Socket& socket) {
        state(socket, TcpState::close, TcpState::syn_sent);
        error(socket, ECONNREFUSED);
        state(socket, TcpState::syn_sent, TcpState::close);
        call(socket, TW_CALL_CONNECT, -ECONNREFUSED);
        destroy(socket);
    }
    void opened(const Socket& socket) {
        state(socket, TcpState::close, TcpState::syn_sent);
        state(socket, TcpState::syn_sent, TcpState::established);
        call(socket, TW_CALL_CONNECT, 0);
    }
    void closed(const Socket& socket) {
        state(socket, TcpState::established, TcpState::fin_wait1);
        state(socket, TcpState::fin_wait1, TcpState::fin_wait2);
        state(socket, TcpState::fin_wait2, TcpState::close);
        destroy(socket);
    }
    void aborted(const Socket& socket) {
        state(socket, TcpState::established, TcpState::close);
        RecordBuilder<tw_reset_out> record(TW_RESET_OUT, TW_PROBE_RESET_OUT);
        record.body.tcp.rcv_nxt = 110;
        record.body.tcp.copied_seq = 100;
        record.body.reason = 5;
        record.body.flags = TW_RESET_REASON;
        put(socket, record, TcpState::close);
        destroy(socket);
    }
};

bool has(const std::string& line, std::string_view words) { return line.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("a quiet stream prints nothing") {
    Live live;
    for (std::uint64_t i = 1; i <= 100; ++i) {
        live.opened(dialer(i));
        live.run(50 * ms);
        live.closed(dialer(i));
    }
    live.run(40 * second);
    live.view.finish();
    CHECK(live.screen.lines().empty());
    CHECK(live.view.findings() == 0);
    CHECK(live.view.unreadable() == 0);
}

TEST_CASE("a finding is said once, a second after it happened") {
    Live live;
    live.refused(dialer(1));
    live.run(900 * ms);
    CHECK(live.screen.lines().empty());
    live.run(200 * ms);
    REQUIRE(live.screen.lines().size() == 1);
    CHECK(has(live.screen.lines()[0], "connect-refused"));
    CHECK(has(live.screen.lines()[0], "dialer[500]"));
    CHECK(!has(live.screen.lines()[0], "so far"));
    live.run(60 * second);
    live.view.finish();
    CHECK(live.screen.lines().size() == 1);
    CHECK(live.view.findings() == 1);
}

TEST_CASE("different findings are different lines") {
    Live live;
    live.refused(dialer(1));
    live.refused(dialer(2, 5062));
    live.opened(dialer(3));
    live.aborted(dialer(3));
    live.run(2 * second);
    const auto lines = live.screen.lines();
    REQUIRE(lines.size() == 3);
    CHECK(has(lines[2], "reset-sent"));
    CHECK(has(lines[2], "10 bytes unread"));
}

TEST_CASE("one that repeats without a pause is said at once, then every ten seconds, and its final count at the end") {
    Live live;
    for (std::uint64_t i = 0; i < 350; ++i) {  // 35 s: longer than ended connections are remembered
        live.refused(dialer(1 + i));
        live.run(100 * ms);
    }
    auto lines = live.screen.lines();
    CHECK(std::erase_if(lines, [](const std::string& line) { return has(line, "endpoint-down"); }) == 1);
    REQUIRE(lines.size() == 4);
    for (const std::string& line : lines) CHECK(has(line, "so far "));
    live.view.finish();
    lines = live.screen.lines();
    REQUIRE(lines.size() == 6);
    CHECK(has(lines.back(), "so far 350 times: "));
    CHECK(live.view.findings() == 2);
}

TEST_CASE("a finding is said again when it has become surer") {
    Live live;
    const Socket client = dialer(1);
    live.refused(client);
    live.run(1500 * ms);
    REQUIRE(live.screen.lines().size() == 1);
    CHECK(has(live.screen.lines()[0], "likely"));
    // What the peer's kernel did comes late.
    Socket nobody = client;
    nobody.cookie = 0;
    nobody.netns = front_end;
    nobody.flow = client.flow.reversed();
    RecordBuilder<tw_reset_out> record(TW_RESET_OUT, TW_PROBE_RESET_OUT);
    record.body.flags = TW_RESET_ANSWER | TW_RESET_NO_SOCKET;
    record.body.segment_flags = 0x02;
    live.put(nobody, record, TcpState::none, t0 + 2);
    live.run(1500 * ms);
    live.view.finish();
    REQUIRE(live.screen.lines().size() == 2);
    CHECK(has(live.screen.lines()[1], "proven"));
    CHECK(has(live.screen.lines()[1], "connect-refused"));
    CHECK(live.view.findings() == 1);
}

TEST_CASE("what has not settled is said at the end") {
    Live live;
    live.refused(dialer(1));
    live.run(100 * ms);
    live.view.finish();
    CHECK(live.screen.lines().size() == 1);
}

TEST_CASE("it ends when nobody reads any more") {
    Live live;
    live.refused(dialer(1));
    CHECK(live.run(2 * second));
    live.screen.closed = true;
    CHECK(!live.run(100 * ms));
}

TEST_CASE("filters are respected") {
    LiveOptions options;
    options.filter.ports[0].push_back({5061, 5061});
    Live live(options);
    live.refused(dialer(1, 5061));
    live.refused(dialer(2, 5062));
    live.run(2 * second);
    live.view.finish();
    REQUIRE(live.screen.lines().size() == 1);
    CHECK(has(live.screen.lines()[0], "10.0.2.2:5061"));
}

TEST_CASE("lost records are said") {
    Live live;
    live.view.gap(live.now, tw_gap{live.now - second, live.now, 42, TW_PROBE_STATE, 0}, 0);
    live.run(2 * second);
    live.view.finish();
    REQUIRE(live.screen.lines().size() == 1);
    CHECK(has(live.screen.lines()[0], "evidence-gap"));
    CHECK(has(live.screen.lines()[0], "42 records"));
}

TEST_CASE("records that cannot be read are counted, with what is wrong with the first") {
    Live live;
    live.view.record(tw_head{}, "short", 5);
    RecordBuilder<tw_state> strange(static_cast<tw_kind>(200), TW_PROBE_STATE);
    live.put(dialer(1), strange, TcpState::close);
    live.run(second);
    CHECK(live.view.unreadable() == 2);
    CHECK(has(live.view.unreadable_why(), "5 bytes"));
    CHECK(live.screen.lines().empty());
}

TEST_CASE("every event, in order of time; a call that took long is told at its end only") {
    LiveOptions options;
    options.every_event = true;
    Live live(options);
    const Socket socket = dialer(1);
    live.opened(socket);
    live.run(second);
    live.state(dialer(2), TcpState::close, TcpState::syn_sent);
    live.run(300 * ms);
    live.call(socket, TW_CALL_SHUTDOWN, 0, 500 * ms);
    live.closed(socket);
    live.run(second);
    live.view.finish();
    const auto lines = live.screen.lines();
    REQUIRE(lines.size() == 10);  // connect() is two
    CHECK(has(lines[0], "connect("));
    CHECK(has(lines[1], "CLOSE -> SYN_SENT"));
    CHECK(has(lines[2], "SYN_SENT -> ESTABLISHED"));
    CHECK(has(lines[4], "#2 "));
    CHECK(has(lines[5], "shutdown("));
    CHECK(has(lines[5], "after 500"));
    CHECK(has(lines[6], "ESTABLISHED -> FIN_WAIT1"));
}

TEST_CASE("memory of sessions that ended well is given back soon when they are many") {
    LiveOptions options;
    options.max_connections = 1000;
    Live live(options);
    for (std::uint64_t i = 1; i <= 20'000; ++i) {  // 100 a second
        live.opened(dialer(i));
        live.closed(dialer(i));
        if (i == 15'000) live.refused(dialer(30'000));
        live.run(10 * ms);
    }
    live.view.finish();
    CHECK(live.view.refused() == 0);
    CHECK(live.screen.lines().size() == 1);
}
