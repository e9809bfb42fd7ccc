// What is written of flows when a process is chosen, and what is not.
#include <catch2/catch.hpp>

#include "live/task_flows.h"
#include "parsers/record_layout.h"

using namespace tcpwitness;

namespace {

constexpr std::uint8_t open = 1, syn_sent = 2, listening = 10;
constexpr std::uint64_t second = 1'000'000'000;

struct Made {
    std::vector<std::string> written;
    std::map<std::uint32_t, std::string> names;
    TaskFlows flows{[this](const void* data, std::size_t) {
        tw_head head;
        std::memcpy(&head, data, sizeof head);
        written.push_back(names[head.seq]);
    }};
    std::uint32_t seq = 0;
    std::uint64_t now_ns = second;

    static Flow flow(std::uint16_t local, std::uint16_t peer) {
        Flow made{{*Address::parse("10.0.0.1"), local}, {*Address::parse("10.0.0.2"), peer}};
        if (!peer) made.peer.address = *Address::parse("0.0.0.0");
        return made;
    }
    template <typename Body> void put(const std::string& name, RecordBuilder<Body> record, std::uint64_t cookie, std::uint8_t state, Flow flow, std::uint32_t netns = 1) {
        record.head.cookie = cookie;
        record.head.state = state;
        record.head.seq = ++seq;
        record.head.netns = netns;
        record.head.time_ns = ++now_ns;
        names[seq] = name;
        const std::string bytes = record.bytes(flow);
        tw_head head;
        std::memcpy(&head, bytes.data(), sizeof head);
        flows.take(head, bytes.data());
    }
    void packet(const std::string& name, Flow flow, std::uint32_t netns = 1) { put(name, RecordBuilder<tw_packet>(TW_PACKET, TW_PROBE_PACKET_OUT), 0, 0, flow, netns); }
    void state(const std::string& name, std::uint8_t to, Flow flow, std::uint32_t netns = 1) {
        put(name, RecordBuilder<tw_state>(TW_STATE, TW_PROBE_STATE), 7, to, flow, netns);
    }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("the SYN of a chosen client waits for its socket's port, and both its ends' packets belong to it") {
    Made made;
    made.state("connecting", syn_sent, Made::flow(0, 5061));
    made.packet("SYN", Made::flow(40000, 5061));
    made.packet("the same in the next namespace", Made::flow(40000, 5061).reversed(), 2);
    CHECK(made.written == Names{"connecting"});
    made.put("timer", RecordBuilder<tw_timer_body>(TW_TIMER, TW_PROBE_TIMER_ARMED), 7, syn_sent, Made::flow(40000, 5061));
    CHECK(made.written == Names{"connecting", "SYN", "the same in the next namespace", "timer"});
    made.put("drop", RecordBuilder<tw_drop>(TW_DROP, TW_PROBE_DROP), 0, 0, Made::flow(40000, 5061), 3);
    made.put("reset", RecordBuilder<tw_reset_out>(TW_RESET_OUT, TW_PROBE_RESET_OUT), 0, 0, Made::flow(40000, 5061).reversed(), 2);
    CHECK(made.written.size() == 6);
    CHECK(made.flows.dropped() == 0);
}

TEST_CASE("of a flow that no chosen socket has nothing is written, and its numbers are no losses") {
    Made made;
    made.state("open", open, Made::flow(40000, 5061));
    made.packet("SYN", Made::flow(40001, 5061));
    made.put("drop", RecordBuilder<tw_drop>(TW_DROP, TW_PROBE_DROP), 0, 0, Made::flow(40001, 5061));
    made.put("icmp", RecordBuilder<tw_icmp>(TW_ICMP, TW_PROBE_PACKET_IN), 0, 0, Made::flow(40001, 5061));
    made.flows.drop_all();
    CHECK(made.written == Names{"open"});
    CHECK(made.flows.dropped() == 3);
    const auto withheld = made.flows.take_withheld();
    REQUIRE(withheld.size() == 1);
    CHECK(withheld.front() == std::pair<std::string, std::string>{"withheld.0", "2-4"});
}

TEST_CASE("what comes to the port of a chosen listener belongs to it, also from before the recorder knew, and what the client's namespace saw of it") {
    Made made;
    made.packet("SYN leaves its client", Made::flow(5061, 40000).reversed(), 2);
    made.packet("SYN", Made::flow(5061, 40000));
    made.packet("SYN to another", Made::flow(5062, 40000));
    made.state("listening", listening, Made::flow(5061, 0));
    CHECK(made.written == Names{"SYN leaves its client", "SYN", "listening"});
    made.packet("SYN-ACK", Made::flow(5061, 40001));
    made.packet("the same port elsewhere", Made::flow(5061, 40002), 2);
    CHECK(made.written == Names{"SYN leaves its client", "SYN", "listening", "SYN-ACK"});
}

TEST_CASE("pings and neighbours are of no flow") {
    Made made;
    Flow none{{*Address::parse("10.0.0.1"), 0}, {*Address::parse("10.0.0.2"), 0}};
    made.put("ping", RecordBuilder<tw_icmp>(TW_ICMP, TW_PROBE_PACKET_IN), 0, 0, none);
    made.put("neighbour", RecordBuilder<tw_neighbour>(TW_NEIGHBOUR, TW_PROBE_NEIGHBOUR_FAILED), 0, 0, none);
    CHECK(made.written == Names{"ping", "neighbour"});
}

TEST_CASE("what waits is bounded, in time and in bytes") {
    Made made;
    made.packet("late", Made::flow(40000, 5061));
    made.now_ns += TaskFlows::patience_ns + second;
    made.packet("another", Made::flow(40001, 5061));
    CHECK(made.flows.dropped() == 1);
    made.state("open", open, Made::flow(40000, 5061));
    CHECK(made.written == Names{"open"});
    for (std::uint32_t i = 0; i < 60'000; ++i) made.packet("flood", Made::flow(static_cast<std::uint16_t>(1 + i), 80));
    CHECK(made.flows.dropped() > 10'000);
}
