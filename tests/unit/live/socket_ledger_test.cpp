// What the records that came say about those that did not.
#include <catch2/catch.hpp>

#include "live/socket_ledger.h"
#include "parsers/record_layout.h"

using namespace tcpwitness;

namespace {

constexpr std::uint8_t established = 1, syn_sent = 2, syn_recv = 3, fin_wait1 = 4, fin_wait2 = 5, closed = 7, close_wait = 8, last_ack = 9, listening = 10;
constexpr std::uint64_t second = 1'000'000'000;

struct Kept {
    SocketLedger ledger;
    std::uint64_t now_ns = 10 * second;

    explicit Kept(bool every_socket = true) : ledger(every_socket) {}

    template <typename Body> void see(RecordBuilder<Body> record, std::uint64_t cookie, std::uint8_t state, std::uint64_t time_ns) {
        record.head.cookie = cookie;
        record.head.state = state;
        record.head.netns = 1;
        record.head.time_ns = time_ns;
        const std::string bytes = record.bytes(Flow{});
        tw_head head;
        std::memcpy(&head, bytes.data(), sizeof head);
        ledger.see(head, bytes.data(), now_ns);
    }
    void change_at(std::uint64_t time_ns, std::uint64_t cookie, std::uint8_t from, std::uint8_t to, std::uint32_t argument = 0) {
        RecordBuilder<tw_state> record(TW_STATE, TW_PROBE_STATE);
        record.body.old_state = from;
        record.body.new_state = to;
        record.body.argument = argument;
        see(record, cookie, to, time_ns);
    }
    void change(std::uint64_t cookie, std::uint8_t from, std::uint8_t to, std::uint32_t argument = 0) { change_at(++now_ns, cookie, from, to, argument); }
    void destroy(std::uint64_t cookie) { see(RecordBuilder<tw_destroy>(TW_DESTROY, TW_PROBE_DESTROY), cookie, closed, ++now_ns); }
    void found(std::uint64_t cookie, std::uint8_t state) { see(RecordBuilder<tw_snapshot>(TW_SNAPSHOT, TW_PROBE_SNAPSHOT_TCP), cookie, state, ++now_ns); }
    void accepted(std::uint64_t cookie, std::uint8_t state) {
        RecordBuilder<tw_call> record(TW_CALL, TW_PROBE_CALL_EXIT);
        record.body.op = TW_CALL_ACCEPT;
        see(record, cookie, state, ++now_ns);
    }
    void open(std::uint64_t cookie) {
        change(cookie, closed, syn_sent);
        change(cookie, syn_sent, established);
    }
    std::uint64_t missing() { return ledger.take_missing(now_ns, true).count; }
};

}  // namespace

TEST_CASE("a whole life, and one that was there before, miss nothing") {
    Kept kept;
    kept.ledger.table_read(1, kept.now_ns);
    kept.open(1);
    kept.change(1, established, fin_wait1);
    kept.change(1, fin_wait1, fin_wait2);
    kept.change(1, fin_wait2, closed);
    kept.destroy(1);
    kept.change(2, syn_recv, established);
    kept.accepted(2, established);
    kept.change(2, established, close_wait);
    kept.change(2, close_wait, last_ack);
    kept.change(2, last_ack, closed);
    kept.found(3, established);
    kept.change(3, established, closed);
    kept.destroy(3);
    kept.change(4, closed, listening, 128);
    kept.change(4, listening, closed);
    kept.destroy(4);
    CHECK(kept.missing() == 0);
}

TEST_CASE("a change that begins elsewhere than the one before ended shows that one is missing, where and when") {
    Kept kept;
    kept.open(1);
    const std::uint64_t before = kept.now_ns;
    kept.change(1, close_wait, last_ack);
    CHECK(kept.ledger.take_missing(kept.now_ns).count == 0);  // it may still come
    const auto missing = kept.ledger.take_missing(kept.now_ns + second);
    CHECK(missing.count == 1);
    CHECK(missing.from_ns == before);
    CHECK(missing.to_ns == kept.now_ns);
    CHECK(kept.missing() == 0);  // told once
}

TEST_CASE("a record that comes late, of another CPU, was not missing") {
    Kept kept;
    kept.open(1);
    const std::uint64_t early = ++kept.now_ns;
    kept.change(1, close_wait, last_ack);
    kept.change_at(early, 1, established, close_wait);
    kept.change(1, last_ack, closed);
    kept.ledger.table_read(1, 1);
    const std::uint64_t before = ++kept.now_ns;
    kept.change(2, established, fin_wait1);
    kept.change_at(before, 2, syn_recv, established);
    kept.change(2, fin_wait1, closed);
    CHECK(kept.missing() == 0);
}

TEST_CASE("a socket is destroyed in CLOSE") {
    Kept kept;
    kept.open(1);
    kept.destroy(1);
    CHECK(kept.missing() == 1);
    kept.found(2, established);
    kept.destroy(2);
    CHECK(kept.missing() == 1);
    kept.destroy(3);  // nothing is known of it
    CHECK(kept.missing() == 0);
}

TEST_CASE("a socket that is open and not known began unseen, once the table was read") {
    Kept kept;
    kept.change(1, established, close_wait);  // the snapshot comes still
    kept.ledger.table_read(1, kept.now_ns);
    kept.change(2, established, close_wait);
    kept.accepted(3, established);
    kept.accepted(3, established);
    CHECK(kept.missing() == 2);

    Kept by_process(false);  // its records begin when a process was seen with it
    by_process.ledger.table_read(1, by_process.now_ns);
    by_process.accepted(1, established);
    by_process.change(2, established, close_wait);
    CHECK(by_process.missing() == 0);
}

TEST_CASE("the snapshot may be older or younger than the records beside it") {
    Kept kept;
    const std::uint64_t early = ++kept.now_ns;
    kept.found(1, established);
    kept.change_at(early, 1, closed, syn_sent);
    kept.change_at(early, 1, syn_sent, established);
    kept.found(2, close_wait);
    kept.change(2, established, close_wait);
    kept.change(2, close_wait, last_ack);
    kept.change(1, established, closed);
    CHECK(kept.missing() == 0);
}

TEST_CASE("what the stand-in told once more is no change; what TCP's table does not hold is not watched") {
    Kept kept;
    kept.open(1);
    kept.change(1, syn_sent, established);
    kept.change(1, established, closed);
    kept.change(2, closed, syn_sent, TW_STATE_MULTIPATH);
    kept.change(2, close_wait, closed, TW_STATE_MULTIPATH);
    kept.change(3, closed, established, TW_STATE_MULTIPATH);
    kept.ledger.call_roll(1, {}, ++kept.now_ns);
    CHECK(kept.missing() == 0);
}

TEST_CASE("at the end a socket that is gone without a word is missing its last change, one that changes just then is not") {
    Kept kept;
    kept.open(1);
    kept.open(2);
    kept.open(3);
    const std::uint64_t began = ++kept.now_ns;
    kept.open(4);  // after the table began to be read
    kept.ledger.call_roll(1, {1}, began);
    CHECK(kept.ledger.namespaces() == std::set<std::uint32_t>{1});
    CHECK(kept.ledger.absent() == 2);
    kept.change(3, established, closed);
    CHECK(kept.ledger.absent() == 1);
    CHECK(kept.missing() == 1);
    CHECK(kept.missing() == 0);
}
