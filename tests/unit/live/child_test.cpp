#include <catch2/catch.hpp>

#include <signal.h>

#include <thread>

#include "live/child.h"

using namespace tcpwitness;

namespace {

int wait_for(Child& child) {
    for (int i = 0; i < 500; ++i) {
        if (const auto status = child.ended()) return *status;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL("the command did not end");
    return 0;
}

}  // namespace

TEST_CASE("a command waits until it is let go, and its exit code comes back") {
    auto child = Child::prepare({"sh", "-c", "exit 7"});
    REQUIRE(child);
    CHECK_FALSE(child->ended());
    REQUIRE(child->go());
    CHECK(exit_code(wait_for(*child)) == 7);
}

TEST_CASE("a command that a signal ended counts as a shell counts it") {
    auto child = Child::prepare({"sh", "-c", "kill -TERM $$"});
    REQUIRE(child);
    REQUIRE(child->go());
    CHECK(exit_code(wait_for(*child)) == 128 + 15);
}

TEST_CASE("a command that does not exist is said so") {
    auto child = Child::prepare({"/no/such/program"});
    REQUIRE(child);
    const Status started = child->go();
    REQUIRE_FALSE(started);
    CHECK(started.error().message == "/no/such/program cannot be run: No such file or directory");
}

TEST_CASE("a function runs as a process of its own") {
    auto child = Child::prepare([] { return 3; });
    REQUIRE(child);
    REQUIRE(child->go());
    CHECK(exit_code(wait_for(*child)) == 3);
}

TEST_CASE("a command that is never let go leaves no process") {
    pid_t pid = 0;
    {
        auto child = Child::prepare({"sleep", "100"});
        REQUIRE(child);
        pid = child->pid();
    }
    CHECK(kill(pid, 0) == -1);
}
