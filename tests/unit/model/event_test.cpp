#include "model/event.h"

#include <string>

#include <catch2/catch.hpp>

using namespace tcpwitness;

TEST_CASE("every kind of event has the name that the trace's dissector and JSON use") {
    const auto name_of = [](EventBody body) {
        Event event;
        event.body = std::move(body);
        return std::string(kind_name(event));
    };
    CHECK(name_of(Call{}) == "call");
    CHECK(name_of(StateChange{}) == "state");
    CHECK(name_of(Timer{}) == "timer");
    CHECK(name_of(Retransmit{}) == "retransmit");
    CHECK(name_of(SynAckRetransmit{}) == "synack_retransmit");
    CHECK(name_of(SocketError{}) == "error");
    CHECK(name_of(ResetReceived{}) == "reset_received");
    CHECK(name_of(ResetSent{}) == "reset_sent");
    CHECK(name_of(Destroy{}) == "destroy");
    CHECK(name_of(ProcessExit{}) == "process_exit");
    CHECK(name_of(Segment{}) == "packet");
    CHECK(name_of(Snapshot{}) == "snapshot");
    CHECK(name_of(Gap{}) == "gap");
}

TEST_CASE("states and calls by name") {
    CHECK(std::string(name(TcpState::established)) == "ESTABLISHED");
    CHECK(std::string(name(TcpState::new_syn_recv)) == "NEW_SYN_RECV");
    CHECK(std::string(name(static_cast<TcpState>(200))) == "?");
    CHECK(std::string(name(Call::Op::shutdown)) == "shutdown");
    CHECK(std::string(name(static_cast<Call::Op>(9))) == "?");
}
