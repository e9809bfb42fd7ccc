#include "live/queue_watch.h"

#include <catch2/catch.hpp>

#include <vector>

using namespace tcpwitness;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint8_t listening = 10, established = 1;

/// Looks once a second at what a test says is there.
struct Looks {
    QueueWatch watch;
    std::uint64_t now = 100 * second;
    std::vector<tw_queue> told;

    void look(const std::vector<Looked>& sockets) {
        const auto keep = [&](const QueueRecord& record) { told.push_back(record.queue); };
        watch.begin(7);
        for (Looked socket : sockets) {
            socket.head.time_ns = now;
            watch.see(socket, keep);
        }
        watch.end(now, keep);
        now += second;
    }
    std::vector<tw_queue> take() { return std::exchange(told, {}); }
};

Looked listener(std::uint32_t queue, std::uint32_t max, std::uint32_t drops = 0, std::uint64_t cookie = 1) {
    Looked socket;
    socket.head.cookie = cookie;
    socket.head.state = listening;
    socket.look.queue.accept_queue = queue;
    socket.look.queue.accept_max = max;
    socket.look.drops = drops;
    return socket;
}

Looked reader(std::uint32_t unread, std::uint32_t read_up_to, std::uint32_t window = 1000) {
    Looked socket;
    socket.head.cookie = 2;
    socket.head.state = established;
    socket.look.queue.unread = unread;
    socket.look.queue.receive_window = window;
    socket.look.copied_seq = read_up_to;
    return socket;
}

}  // namespace

TEST_CASE("an accept queue that empties between two looks is no news") {
    Looks looks;
    for (int i = 0; i < 10; ++i) looks.look({listener(static_cast<std::uint32_t>(i % 2), 5)});
    CHECK(looks.take().empty());
}

TEST_CASE("an accept queue that stays filled is told ever more rarely, and once when it is over") {
    Looks looks;
    looks.look({listener(0, 5)});
    for (int i = 0; i < 20; ++i) looks.look({listener(2, 5)});
    const auto told = looks.take();
    REQUIRE(told.size() == 5);  // after 1, 2, 4, 8 and 16 s
    CHECK(told[0].what == TW_QUEUE_LISTENER);
    CHECK(told[0].accept_queue == 2);
    CHECK(told[4].since_ns == told[0].since_ns);
    looks.look({listener(0, 5)});
    looks.look({listener(0, 5)});
    const auto over = looks.take();
    REQUIRE(over.size() == 1);
    CHECK(over[0].flags == TW_QUEUE_OVER);
}

TEST_CASE("a full accept queue is told at once") {
    Looks looks;
    looks.look({listener(0, 2)});
    looks.look({listener(3, 2)});
    CHECK(looks.take().size() == 1);
}

TEST_CASE("drops are told by look, not those from before the recording, but all of a listener that is new") {
    Looks looks;
    looks.look({listener(0, 5, 70)});
    CHECK(looks.take().empty());
    looks.look({listener(0, 5, 72)});
    looks.look({listener(0, 5, 72)});
    looks.look({listener(0, 5, 75), listener(0, 5, 4, 9)});
    const auto told = looks.take();
    REQUIRE(told.size() == 4);
    CHECK(told[0].drops == 2);
    CHECK(told[1].flags == TW_QUEUE_OVER);
    CHECK(told[2].drops == 3);
    CHECK(told[3].drops == 4);
}

TEST_CASE("a listener that is gone is not told as over") {
    Looks looks;
    looks.look({listener(0, 5)});
    for (int i = 0; i < 3; ++i) looks.look({listener(2, 5)});
    looks.take();
    looks.look({});
    CHECK(looks.take().empty());
}

TEST_CASE("unread data is told when nobody has read for a second, at once when the window closes, and when it is read") {
    Looks looks;
    looks.look({reader(10, 1)});
    looks.look({reader(10, 11)});  // read meanwhile
    CHECK(looks.take().empty());
    looks.look({reader(30, 11)});
    auto told = looks.take();
    REQUIRE(told.size() == 1);
    CHECK(told[0].what == TW_QUEUE_RECEIVE);
    CHECK(told[0].unread == 30);
    CHECK(told[0].flags == 0);
    looks.look({reader(30, 11)});
    looks.take();
    looks.look({reader(90, 11, 0)});
    told = looks.take();
    REQUIRE(told.size() == 1);
    CHECK(told[0].flags == TW_QUEUE_WINDOW_CLOSED);
    CHECK(looks.now - second - told[0].since_ns == 3 * second);
    looks.look({});
    told = looks.take();
    REQUIRE(told.size() == 1);
    CHECK(told[0].flags == TW_QUEUE_OVER);
    CHECK(told[0].unread == 0);
}

TEST_CASE("data that the peer does not take is told while a closed window holds it back") {
    Looks looks;
    Looked sender;
    sender.head.cookie = 3;
    sender.head.state = established;
    sender.look.queue.unacknowledged = 500;
    sender.look.send_waits = 1;
    sender.look.snd_una = 77;
    looks.look({sender});
    CHECK(looks.take().empty());
    looks.look({sender});
    auto told = looks.take();
    REQUIRE(told.size() == 1);
    CHECK(told[0].what == TW_QUEUE_SEND);
    CHECK(told[0].unacknowledged == 500);
    CHECK(told[0].flags == TW_QUEUE_WINDOW_CLOSED);
    sender.look.snd_una = 177;  // the window opened for a moment
    looks.look({sender});
    told = looks.take();
    REQUIRE(told.size() == 1);
    CHECK(told[0].flags == (TW_QUEUE_OVER | TW_QUEUE_WINDOW_CLOSED));
}

TEST_CASE("one namespace's sockets are not missed in another's look") {
    QueueWatch watch;
    std::vector<tw_queue> told;
    const auto keep = [&](const QueueRecord& record) { told.push_back(record.queue); };
    Looked socket = reader(10, 1);
    for (std::uint64_t i = 1; i < 4; ++i) {
        socket.head.time_ns = i * second;
        watch.begin(1);
        watch.see(socket, keep);
        watch.end(i * second, keep);
        watch.begin(2);
        watch.end(i * second, keep);
    }
    CHECK(told.size() == 2);
    watch.forget(1);
    watch.begin(1);
    watch.end(9 * second, keep);
    CHECK(told.size() == 2);
}
