#include "outputs/journal_events.h"

#include <catch2/catch.hpp>

#include <sstream>

#include "support/events.h"

using namespace tcpwitness;

namespace {

bool has_line(const std::string& fields, const std::string& wanted) {
    std::istringstream lines(fields);
    for (std::string line; std::getline(lines, line);)
        if (line == wanted) return true;
    return false;
}

/// Two connections and, of none, a marker, a loss and a process's end.
Story two() {
    auto t = trace();
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(4711, "sipd"));
    const End other = t.end("edge", "10.0.1.2:40001", "10.0.2.2:443", task(12, "other"));
    t.as(edge).at(10).connect_enter().state(TcpState::close, TcpState::syn_sent).syn_out();
    t.as(other).at(5).connect_enter().state(TcpState::close, TcpState::syn_sent).syn_out();
    t.as(edge).at(3000).error(ETIMEDOUT).process_exit(task(4711, "sipd"), 9);
    t.gap(100, 200, 7);
    End loopback = t.end("edge", "127.0.0.1:0", "127.0.0.1:0");
    loopback.cookie = loopback.socket_id = 0;
    Icmp marker;
    marker.type = 8;
    marker.marker = "begin";
    t.as(loopback).at(1).add(marker);
    return t.story();
}

std::vector<std::string> kinds(const std::vector<JournalEvent>& events) {
    std::vector<std::string> all;
    for (const JournalEvent& one : events) all.push_back(kind_name(*one.event));
    return all;
}

std::size_t count(const std::vector<std::string>& all, const std::string& one) { return static_cast<std::size_t>(std::count(all.begin(), all.end(), one)); }

}  // namespace

TEST_CASE("journal: all events but packets, in time order over all connections") {
    const Story story = two();
    const auto events = journal_events(story, {});
    REQUIRE(events.size() > 7);
    for (std::size_t i = 1; i < events.size(); ++i) CHECK(events[i - 1].event->time_ns <= events[i].event->time_ns);
    const auto found = kinds(events);
    CHECK(count(found, "segment") == 0);
    CHECK(count(found, "state") == 2);
    CHECK(found.front() == "icmp");
    CHECK(count(found, "gap") == 1);
    CHECK(count(found, "process_exit") == 1);
}

TEST_CASE("journal: with a selection, the chosen connection's, losses and markers") {
    const Story story = two();
    OutputOptions options;
    options.selected = [](const Connection& connection) { return connection.flow.peer.port == 443; };
    const auto events = journal_events(story, options);
    const auto found = kinds(events);
    CHECK(count(found, "state") == 1);
    CHECK(count(found, "icmp") == 1);
    CHECK(count(found, "gap") == 1);
    CHECK(count(found, "process_exit") == 0);
    for (const JournalEvent& one : events)
        if (one.connection) CHECK(one.connection->flow.peer.port == 443);
}

TEST_CASE("journal: what a capture holds as a packet is not told again") {
    auto t = trace();
    Icmp icmp;
    icmp.type = 3;
    icmp.frame = 7;
    t.as(t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061")).at(0).connect_enter().add(icmp);
    const Story story = t.story();
    CHECK(count(kinds(journal_events(story, {})), "icmp") == 0);
}

TEST_CASE("journal: an event's fields, a line each, under systemd's names where it has them") {
    const Story story = two();
    for (const JournalEvent& one : journal_events(story, {})) {
        const SocketError* error = one.event->as<SocketError>();
        if (!error) continue;
        const std::string fields = journal_fields(story, one);
        INFO(fields);
        CHECK(fields.starts_with("MESSAGE=10.0.1.2:40000 > 10.0.2.2:5061  "));
        for (const char* line : {"PRIORITY=4", "SYSLOG_IDENTIFIER=tcpwitness", "_HOSTNAME=lab", "TCPWITNESS_NETNS=edge", "_PID=4711", "_COMM=sipd",
                                 "TCPWITNESS_KIND=error", "TCPWITNESS_ERROR_TYPE=ETIMEDOUT"})
            CHECK(has_line(fields, line));
        CHECK(fields.back() == '\n');
        return;
    }
    FAIL("no error event");
}

TEST_CASE("journal: a name cannot add a field") {
    auto t = trace();
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(4711, "a\nPRIORITY=0"));
    t.as(edge).at(0).connect_enter();
    const Story story = t.story();
    const auto events = journal_events(story, {});
    REQUIRE(events.size() == 1);
    const std::string fields = journal_fields(story, events[0]);
    CHECK_FALSE(has_line(fields, "PRIORITY=0"));
    CHECK(has_line(fields, "PRIORITY=6"));
}
