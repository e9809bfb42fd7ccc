// What waits until its flow is known, and what becomes of it.
#include <catch2/catch.hpp>

#include "live/undecided.h"
#include "parsers/record_layout.h"

using namespace tcpwitness;

namespace {

constexpr std::uint8_t closed = 7, connecting = 2, listening = 10, open = 1;

struct Made {
    Filter filter;
    std::vector<std::string> written;  ///< "socket 1", by what the test calls a record
    Undecided undecided{filter, [this](const void* data, std::size_t) {
                            tw_head head;
                            std::memcpy(&head, data, sizeof head);
                            written.push_back(names[head.seq]);
                        }};
    std::map<std::uint32_t, std::string> names;
    std::uint32_t seq = 0;

    explicit Made(const char* ports) { REQUIRE(parse_ports(ports, filter.ports[0])); }

    Flow flow(std::uint16_t local, std::uint16_t peer) {
        Flow made{{*Address::parse("10.0.0.1"), local}, {*Address::parse("10.0.0.2"), peer}};
        if (!local) made.local.address = *Address::parse("0.0.0.0");
        if (!peer) made.peer.address = *Address::parse("0.0.0.0");
        return made;
    }
    template <typename Body> void put(const std::string& name, RecordBuilder<Body> record, std::uint64_t cookie, std::uint32_t id, std::uint8_t state, Flow flow) {
        record.head.cookie = cookie;
        record.head.socket_id = id;
        record.head.state = state;
        record.head.seq = ++seq;
        record.head.netns = 1;
        names[seq] = name;
        const std::string bytes = record.bytes(flow);
        undecided.take(record.head, bytes.data());
    }
    void call(const std::string& name, tw_call_op op, std::uint64_t cookie, std::uint32_t id, std::uint8_t state, Flow flow, std::uint32_t pid = 5) {
        RecordBuilder<tw_call> record(TW_CALL, TW_PROBE_CALL_EXIT);
        record.body.op = static_cast<std::uint8_t>(op);
        record.body.task.pid = pid;
        put(name, record, cookie, id, state, flow);
    }
    void state(const std::string& name, std::uint64_t cookie, std::uint32_t id, std::uint8_t to, Flow flow) {
        put(name, RecordBuilder<tw_state>(TW_STATE, TW_PROBE_STATE), cookie, id, to, flow);
    }
    void destroy(std::uint64_t cookie) { put("destroyed", RecordBuilder<tw_destroy>(TW_DESTROY, TW_PROBE_DESTROY), cookie, 0, closed, Flow{}); }
    void exit(std::uint32_t pid) {
        RecordBuilder<tw_process_exit> record(TW_PROCESS_EXIT, TW_PROBE_PROCESS_EXIT);
        record.body.task.pid = pid;
        put("exit", record, 0, 0, 0, Flow{});
    }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("what waited is written in its order once the flow is one that was asked for") {
    Made made("5061");
    made.call("socket", TW_CALL_SOCKET, 0, 77, closed, made.flow(0, 0));
    made.put("option", RecordBuilder<tw_option>(TW_OPTION, TW_PROBE_OPTION), 0, 77, closed, made.flow(0, 0));
    CHECK(made.written.empty());
    made.state("connecting", 9, 77, connecting, made.flow(0, 5061));
    CHECK(made.written == Names{"socket", "option", "connecting"});
    made.state("wiped", 9, 0, closed, Flow{});  // the kernel has zeroed its flow
    made.destroy(9);
    made.exit(5);
    CHECK(made.written == Names{"socket", "option", "connecting", "wiped", "destroyed", "exit"});
    CHECK(made.undecided.dropped() == 0);
    CHECK(made.undecided.take_withheld().empty());
}

TEST_CASE("a RST that follows the end of its socket belongs to it, and the address of that socket to nobody") {
    Made made("5061");
    made.state("accepted", 9, 77, open, made.flow(5061, 40000));
    made.state("wiped", 9, 0, closed, made.flow(0, 40000));
    made.destroy(9);
    made.put("reset", RecordBuilder<tw_reset_out>(TW_RESET_OUT, TW_PROBE_RESET_OUT), 9, 0, closed, made.flow(0, 40000));
    CHECK(made.written == Names{"accepted", "wiped", "destroyed", "reset"});
    made.put("option", RecordBuilder<tw_option>(TW_OPTION, TW_PROBE_OPTION), 0, 77, closed, made.flow(0, 0));
    made.put("another's reset", RecordBuilder<tw_reset_out>(TW_RESET_OUT, TW_PROBE_RESET_OUT), 10, 0, closed, made.flow(0, 40000));
    made.undecided.drop_all();
    CHECK(made.written.size() == 4);
}

TEST_CASE("not every socket that is gone is remembered") {
    Made made("5061");
    for (std::uint64_t cookie = 1; cookie <= Undecided::most_gone + 1; ++cookie) {
        made.state("accepted", cookie, 0, open, made.flow(5061, 40000));
        made.destroy(cookie);
    }
    made.written.clear();
    made.put("reset", RecordBuilder<tw_reset_out>(TW_RESET_OUT, TW_PROBE_RESET_OUT), 1, 0, closed, made.flow(0, 40000));
    CHECK(made.written.empty());
    made.put("reset", RecordBuilder<tw_reset_out>(TW_RESET_OUT, TW_PROBE_RESET_OUT), 2, 0, closed, made.flow(0, 40000));
    CHECK(made.written == Names{"reset"});
}

TEST_CASE("of any other socket nothing is written, and its numbers are no losses") {
    Made made("5061");
    made.call("socket", TW_CALL_SOCKET, 0, 77, closed, made.flow(0, 0));
    made.call("connect", TW_CALL_CONNECT, 9, 77, open, made.flow(40000, 8080));
    made.state("wiped", 9, 0, closed, Flow{});
    made.destroy(9);
    made.exit(5);
    CHECK(made.written.empty());
    CHECK(made.undecided.dropped() == 5);
    const auto withheld = made.undecided.take_withheld();
    REQUIRE(withheld.size() == 1);
    CHECK(withheld.front() == std::pair<std::string, std::string>{"withheld.0", "1-5"});
}

TEST_CASE("a listener is decided by its own port: it never has another") {
    Made made("5061");
    made.call("bind", TW_CALL_BIND, 0, 1, closed, made.flow(8080, 0));
    made.state("other listens", 3, 1, listening, made.flow(8080, 0));
    made.call("bind", TW_CALL_BIND, 0, 2, closed, made.flow(5061, 0));
    made.state("listens", 4, 2, listening, made.flow(5061, 0));
    CHECK(made.written == Names{"bind", "listens"});
    CHECK(made.undecided.dropped() == 2);
}

TEST_CASE("a new socket at an old one's address takes nothing over from it") {
    Made made("5061");
    made.call("socket", TW_CALL_SOCKET, 0, 77, closed, made.flow(0, 0), 5);
    made.state("connecting", 9, 77, connecting, made.flow(0, 5061));
    made.call("another socket", TW_CALL_SOCKET, 0, 77, closed, made.flow(0, 0), 6);
    CHECK(made.written == Names{"socket", "connecting"});
    made.undecided.drop_all();
    CHECK(made.undecided.dropped() == 1);
    made.exit(6);
    CHECK(made.written.size() == 2);
}

TEST_CASE("what waits is bounded; the oldest goes first and is counted") {
    Made made("5061");
    for (std::uint32_t id = 1; id <= 60'000; ++id) made.call("socket", TW_CALL_SOCKET, 0, id, closed, made.flow(0, 0));
    CHECK(made.undecided.overflowed() > 0);
    CHECK(made.undecided.overflowed() == made.undecided.dropped());
    made.state("connecting", 9, 60'000, connecting, made.flow(0, 5061));
    CHECK(made.written == Names{"socket", "connecting"});
}
