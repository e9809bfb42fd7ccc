// A sink on a thread of its own.
#include <catch2/catch.hpp>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "live/queued_sink.h"

using namespace tcpwitness;

namespace {

/// Writes down what it gets; can be held up, and can fail.
class Notes : public RecordSink {
public:
    bool record(const tw_head& head, const void* data, std::size_t size) override {
        wait();
        lines.push_back("record " + std::to_string(head.time_ns) + " " + std::string(static_cast<const char*>(data) + sizeof head, size - sizeof head));
        return true;
    }
    void meta(std::uint64_t boot_ns, std::string_view key, std::string_view value) override {
        lines.push_back("meta " + std::to_string(boot_ns) + " " + std::string(key) + "=" + std::string(value));
    }
    void gap(std::uint64_t boot_ns, const tw_gap& gap, std::uint16_t cpu) override {
        lines.push_back("gap " + std::to_string(boot_ns) + " " + std::to_string(gap.lost) + " cpu " + std::to_string(cpu));
    }
    Status tick(std::uint64_t boot_ns) override {
        lines.push_back("tick " + std::to_string(boot_ns));
        if (fails) return Error{"nobody reads"};
        return success();
    }

    void hold() {
        const std::lock_guard lock(mutex_);
        held_ = true;
    }
    void let_go() {
        {
            const std::lock_guard lock(mutex_);
            held_ = false;
        }
        changed_.notify_all();
    }
    /// Until the sink stands in a record that it may not take yet.
    void await_stuck() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stuck_; });
    }

    std::vector<std::string> lines;
    bool fails = false;

private:
    void wait() {
        std::unique_lock lock(mutex_);
        stuck_ = held_;
        changed_.notify_all();
        changed_.wait(lock, [&] { return !held_; });
        stuck_ = false;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool held_ = false, stuck_ = false;
};

bool put(RecordSink& to, std::uint64_t time_ns, std::string_view text, std::uint8_t kind = TW_STATE) {
    tw_head head{};
    head.time_ns = time_ns;
    head.kind = kind;
    head.size = static_cast<decltype(head.size)>(sizeof head + text.size());
    std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
    bytes += text;
    return to.record(head, bytes.data(), bytes.size());
}

}  // namespace

TEST_CASE("a queue hands everything on, in order") {
    Notes notes;
    QueuedSink queue(notes, 1 << 20);
    CHECK(put(queue, 1, "odd"));
    queue.meta(2, "host", "edge");
    CHECK(queue.tick(3));
    tw_gap gap{};
    gap.lost = 7;
    queue.gap(4, gap, 0xffff);
    CHECK(put(queue, 5, ""));
    CHECK(queue.tick(6));
    CHECK(queue.finish());
    CHECK(notes.lines == std::vector<std::string>{"record 1 odd", "meta 2 host=edge", "tick 3", "gap 4 7 cpu 65535", "record 5 ", "tick 6"});
}

TEST_CASE("a slow sink holds nobody up: what there is no room for is refused, what is rare is taken all the same") {
    Notes notes;
    QueuedSink queue(notes, 4000);
    notes.hold();
    REQUIRE(put(queue, 0, "first"));
    REQUIRE(queue.tick(0));
    notes.await_stuck();
    std::size_t taken = 0;
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        taken += put(queue, i, "more") ? 1 : 0;
        if (i % 10 == 0) CHECK(queue.tick(i));  // returns at once
    }
    CHECK(taken > 10);
    CHECK(taken < 4000 / sizeof(tw_head));
    CHECK_FALSE(put(queue, 1001, "too much"));
    CHECK(put(queue, 1002, "a fact", TW_ENVIRONMENT));
    queue.meta(1003, "end.reason", "test");
    CHECK(queue.tick(1004));
    notes.let_go();
    CHECK(queue.finish());
    std::size_t records = 0;
    for (const std::string& line : notes.lines) records += line.starts_with("record") && line.ends_with("more") ? 1 : 0;
    CHECK(records == taken);
    REQUIRE(notes.lines.size() > 3);
    CHECK(notes.lines[notes.lines.size() - 3] == "record 1002 a fact");
    CHECK(notes.lines[notes.lines.size() - 2] == "meta 1003 end.reason=test");
}

TEST_CASE("there is room again once the sink has caught up") {
    Notes notes;
    QueuedSink queue(notes, 4000);
    notes.hold();
    REQUIRE(put(queue, 0, "first"));
    REQUIRE(queue.tick(0));
    notes.await_stuck();
    while (put(queue, 1, "more")) REQUIRE(queue.tick(1));
    notes.let_go();
    bool taken = false;
    for (std::uint64_t i = 2; !taken && i < 10'000'000; ++i) {
        REQUIRE(queue.tick(i));
        taken = put(queue, i, "late");
    }
    CHECK(taken);
    CHECK(queue.tick(1));
    CHECK(queue.finish());
}

TEST_CASE("an error of the sink ends it: a later tick says so, and nothing more is handed on") {
    Notes notes;
    notes.fails = true;
    QueuedSink queue(notes, 4000);
    REQUIRE(put(queue, 1, "one"));
    (void)queue.tick(2);
    CHECK_FALSE(queue.finish());
    const Status later = queue.tick(3);
    REQUIRE_FALSE(later);
    CHECK(later.error().message == "nobody reads");
    CHECK(notes.lines == std::vector<std::string>{"record 1 one", "tick 2"});
}

TEST_CASE("without finish(), what waits is dropped and the thread ends") {
    Notes notes;
    {
        QueuedSink queue(notes, 1 << 20);
        CHECK(put(queue, 1, "one"));
        (void)queue.tick(2);
    }
    CHECK(notes.lines.size() <= 2);
}
