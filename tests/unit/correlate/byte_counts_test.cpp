#include <catch2/catch.hpp>

#include "correlate/byte_counts.h"

using namespace tcpwitness;

namespace {

Event event(EventBody body, TcpState state) {
    Event made;
    made.state = state;
    made.body = std::move(body);
    return made;
}

Connection after(TcpState from, std::uint32_t signs, Role role = Role::client) {
    Connection c;
    c.role = role;
    c.signs = signs;
    c.events.push_back(event(StateChange{from, TcpState::close}, TcpState::close));
    return c;
}

/// What a socket of CLOSE tells: `sent` sequence numbers not acknowledged.
TcpNumbers sent(std::uint32_t numbers, std::uint32_t srtt_us = 35) {
    TcpNumbers tcp;
    tcp.snd_una = 0xffffffff;  // the distance wraps
    tcp.snd_nxt = tcp.write_seq = tcp.snd_una + numbers;
    tcp.srtt_us = srtt_us;
    return tcp;
}

std::uint32_t unacknowledged(const TcpNumbers& tcp, const Connection& c) {
    Event error = event(SocketError{tcp, 104}, TcpState::close);
    count_bytes(error, c);
    return error.as<SocketError>()->tcp.unacknowledged();
}

Destroy totals(std::uint64_t acked, std::uint64_t received, const Connection& c) {
    Event gone = event(Destroy{acked, received, 3, 3}, TcpState::close);
    count_bytes(gone, c);
    return *gone.as<Destroy>();
}

}  // namespace

TEST_CASE("a closed socket's bytes are counted in the state before") {
    CHECK(unacknowledged(sent(2), after(TcpState::established, 0)) == 2);
    CHECK(unacknowledged(sent(3), after(TcpState::fin_wait1, 0)) == 2);
    CHECK(unacknowledged(sent(1, 0), after(TcpState::syn_sent, 0)) == 0);
    Connection unseen;
    CHECK(unacknowledged(sent(2), unseen) == 2);
}

TEST_CASE("what tcp_disconnect() adds to write_seq is no data") {
    TcpNumbers tcp = sent(2, 0);
    tcp.write_seq += 65'538;
    CHECK(unacknowledged(tcp, after(TcpState::established, 0)) == 2);
}

TEST_CASE("SYN and FINs are no bytes of a connection's totals") {
    constexpr std::uint32_t client = sign::syn_sent | sign::established;
    CHECK(totals(4, 1, after(TcpState::fin_wait2, client | sign::fin_in)).bytes_acked == 2);
    CHECK(totals(4, 1, after(TcpState::fin_wait2, client | sign::fin_in)).bytes_received == 0);
    CHECK(totals(3, 0, after(TcpState::fin_wait1, client)).bytes_acked == 2);
    const Connection served = after(TcpState::last_ack, sign::established | sign::peer_closed, Role::server);
    CHECK(totals(1, 3, served).bytes_acked == 0);
    CHECK(totals(1, 3, served).bytes_received == 2);
    const Connection reset = after(TcpState::last_ack, sign::established | sign::peer_closed | sign::late_reset, Role::server);
    CHECK(totals(5, 3, reset).bytes_acked == 5);
    CHECK(totals(0, 0, after(TcpState::fin_wait2, client)).bytes_acked == 0);
}

TEST_CASE("totals that the kernel has set back are not told") {
    Event gone = event(Destroy{}, TcpState::close);
    count_bytes(gone, after(TcpState::established, sign::syn_sent | sign::established));
    CHECK_FALSE(gone.as<Destroy>()->totals_told);
}

TEST_CASE("a queue's and a sample's FIN is no byte") {
    Queue queue;
    queue.unacknowledged = 501;
    Event waits = event(queue, TcpState::fin_wait1);
    count_bytes(waits, {});
    CHECK(waits.as<Queue>()->unacknowledged == 500);
    Sample sample;
    sample.unsent = 11;
    sample.totals = {101, 31, 3, 3};
    Event told = event(sample, TcpState::closing);
    count_bytes(told, {});
    CHECK(told.as<Sample>()->unsent == 10);
    CHECK(told.as<Sample>()->totals.bytes_acked == 101);
    CHECK(told.as<Sample>()->totals.bytes_received == 30);
}
