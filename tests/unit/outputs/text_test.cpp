#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "golden.h"
#include "outputs/live.h"
#include "outputs/outputs.h"
#include "stories.h"

using namespace tcpwitness;

namespace {

std::string text(const Case& made, OutputOptions options = {}) {
    options.utc = true;
    StringSink sink;
    find_output("text")->write(made.story, made.judged(), options, sink);
    return sink.text();
}

std::size_t lines(const std::string& all) { return static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n')); }

bool holds(const std::string& all, const std::string& part) { return all.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("The case of the forged reset, whole") { CHECK(difference_from_golden("forged_reset.txt", text(forged_reset())) == ""); }

TEST_CASE("Every kind of event in one timeline") { CHECK(difference_from_golden("every_kind.txt", text(every_kind())) == ""); }

TEST_CASE("Repeats of one finding are one example and a count") { CHECK(difference_from_golden("repeated.txt", text(repeated())) == ""); }

TEST_CASE("A healthy trace says so, with a line for each connection") {
    CHECK(difference_from_golden("healthy.txt", text(healthy_case(12))) == "");
}

TEST_CASE("Of more connections than anybody reads, most are counted; all are listed when asked") {
    const Case many = healthy_case(1'500);
    const std::string counted = text(many);
    CHECK(holds(counted, "\n1300 more connections are not listed: 1300 closed; --all lists them too.\n"));
    CHECK(lines(counted) < 250);
    OutputOptions options;
    options.all = true;
    const std::string all = text(many, options);
    CHECK_FALSE(holds(all, "not listed"));
    CHECK(lines(all) > 1'500);
}

TEST_CASE("Of findings that read alike, the first are told in full and the others in a line or a number") {
    Case scan = repeated();
    const Finding one = scan.findings.front();
    scan.findings.clear();
    for (std::size_t i = 0; i < 383; ++i) {
        Finding& port = scan.findings.emplace_back(one);
        port.count = 1;
        port.connections = {one.connections[i]};
        port.evidence = {one.evidence[i]};
        port.first_ns = port.last_ns = scan.story.connections[i].begin_ns;
    }
    const std::string folded = text(scan);
    CHECK(lines(folded) < 80);
    CHECK(holds(folded, "\n[3] connect-refused "));
    CHECK_FALSE(holds(folded, "\n[4] connect-refused "));
    CHECK(holds(folded, "\nalso connect-refused, culprit peer-host, likely:\n  [4]    14:03:10.193000  383 connects"));
    CHECK(holds(folded, "and 368 more of these; --all lists them"));
    CHECK(holds(folded, "380 more connections repeat a finding and are not listed."));
    OutputOptions options;
    options.all = true;
    CHECK(holds(text(scan, options), "\n[383] connect-refused "));
}

TEST_CASE("How a destination stands is told with the finding that caused it") {
    Case down = repeated();
    Finding state;
    state.rule = "endpoint-down";
    state.certainty = Certainty::proven;
    state.state = true;
    state.headline = "192.0.2.9:50704 is down";
    state.reasons = {"383 connects in a row failed"};
    state.connections = {1, 2};
    state.evidence = down.findings.front().evidence;
    state.first_ns = state.last_ns = down.findings.front().last_ns;
    down.findings.insert(down.findings.begin(), state);
    const std::string all = text(down);
    CHECK(holds(all, "findings     1\n"));
    CHECK(holds(all, "\n    state: endpoint-down: 192.0.2.9:50704 is down; 383 connects in a row failed\n"));
    CHECK_FALSE(holds(all, "[2]"));
    CHECK_FALSE(holds(all, "culprit unknown"));
    CHECK(live_line(down.story, state, {}).find("  state     -  ") != std::string::npos);
    down.findings.pop_back();
    CHECK(holds(text(down), "\nstate: endpoint-down: 192.0.2.9:50704 is down"));
}

TEST_CASE("Colour changes nothing but colour") {
    OutputOptions options;
    options.colour = true;
    std::string coloured = text(forged_reset(), options);
    CHECK(coloured != text(forged_reset()));
    for (auto at = coloured.find('\033'); at != std::string::npos; at = coloured.find('\033')) coloured.erase(at, coloured.find('m', at) - at + 1);
    CHECK(coloured == text(forged_reset()));
}

TEST_CASE("The both ends of a session stand in one timeline, told apart") {
    const std::string two_namespaces = text(forged_reset());
    CHECK(holds(two_namespaces, "  edge  wire   SYN out"));
    CHECK(holds(two_namespaces, "  fe    wire   SYN in"));
    CHECK(holds(two_namespaces, "  mid   wire   SYN-ACK in"));
    const std::string one_namespace = text(healthy_case(1));
    CHECK(holds(one_namespace, "  client  tcp    state SYN_SENT -> ESTABLISHED"));
    CHECK(holds(one_namespace, "  server  tcp    state SYN_RECV -> ESTABLISHED"));
}

TEST_CASE("A report that was cut says between which times") {
    OutputOptions options;
    const Case made = forged_reset();
    options.from_ns = made.story.begin_ns + 1'000'000'000;
    options.to_ns = made.story.begin_ns + 2'500'000'000;
    CHECK(holds(text(made, options), "between      14:03:11.000000 and 14:03:12.500000; what lies outside is left out"));
    CHECK_FALSE(holds(text(made), "between  "));
}

TEST_CASE("What is printed follows the options") {
    OutputOptions options;
    options.findings_only = true;
    const std::string findings_only = text(forged_reset(), options);
    CHECK(holds(findings_only, "[1] reset-forged   culprit path, proven"));
    CHECK_FALSE(holds(findings_only, "TIMELINES"));

    options = {};
    options.verbose = true;
    CHECK(lines(text(repeated(), options)) > 383 * 4);

    options = {};
    options.selected = [](const Connection& connection) { return connection.id == 3; };
    const std::string one = text(healthy_case(12), options);
    CHECK(holds(one, "#3 #4  127.0.0.1:20001"));
    CHECK_FALSE(holds(one, "#1 #2"));
}

TEST_CASE("The surest finding comes first") {
    const std::string both = text(every_kind());
    CHECK(both.find("[1] reset-received") < both.find("[2] evidence-gap"));
}

TEST_CASE("Prose wraps at the width that is asked for; events never wrap") {
    OutputOptions options;
    options.width = 60;
    options.findings_only = true;
    const std::string narrow = text(forged_reset(), options);
    for (const auto line : split(narrow, '\n')) {
        INFO(line);
        const bool prose = line.starts_with("    ");
        CHECK((!prose || line.size() <= 60));
    }
    options.width = 0;
    CHECK(holds(text(forged_reset(), options), "reset-forged"));
}

TEST_CASE("A long timeline keeps its beginning, its end and its evidence") {
    Case made = every_kind();
    Connection& only = made.story.connections.front();
    const Event sample = only.events[3];
    for (std::uint64_t i = 0; i < 5'000; ++i) {
        Event more = sample;
        more.id = 1'000 + i;
        more.time_ns = only.end_ns += 1'000;
        only.events.push_back(more);
    }
    made.findings[1].evidence = {3'000};
    const std::string shortened = text(made);
    CHECK(lines(shortened) < 130);
    CHECK(holds(shortened, "events left out"));
    CHECK(holds(shortened, "[1]  14:03:10.04"));
    OutputOptions options;
    options.verbose = true;
    CHECK(lines(text(made, options)) > 5'000);
}

TEST_CASE("Ten thousand healthy connections are one line each") {
    const std::string all = text(healthy_case(10'000));
    CHECK(lines(all) < 10'020);
    CHECK(all.starts_with("clean: nothing in trouble among 20000 connections, and nothing was lost\n"));
    CHECK(holds(all, "None: every connection is accounted for"));
}

TEST_CASE("A recording that is not whole says so") {
    Case made = healthy_case(2);
    made.story.recordings.front().cut_off = true;
    made.story.recordings.front().cut_note = "the last block is incomplete";
    made.story.recordings.front().probes = {{"timer_armed", "tp_btf/timer_start", "unavailable: no such tracepoint"}, {"state", "x", "attached"}};
    made.story.recordings.front().unknown_records = 2;
    const std::string all = text(made);
    CHECK(holds(all, "! The recording was cut off: the last block is incomplete"));
    CHECK(holds(all, "! Not recorded: timer_armed (unavailable: no such tracepoint)"));
    CHECK_FALSE(holds(all, "state (attached)"));
    CHECK(holds(all, "! 2 records of a newer tcpwitness skipped."));
    CHECK(all.starts_with("undecided: no trouble was seen, but 2 records could not be read"));
}

TEST_CASE("A capture that tells no host is told by where it was made, and what it only counts is said") {
    Case made = healthy_case(1);
    Recording& recording = made.story.recordings.front();
    recording.host = recording.kernel = "";
    recording.meta["capture.packets"] = "90";
    recording.sessions_not_listed = 7;
    recording.foreign_packets = 2;
    made.story.witnesses.front().name = "on the path";
    CHECK(holds(text(made), "\nhost         on the path\nrecorded"));
    CHECK(holds(text(made), "! 7 sessions are counted and not listed"));
    CHECK(holds(text(made), "! 2 packets not TCP, skipped."));
    made.story.connections.clear();
    made.story.conversations.clear();
    CHECK(text(made).starts_with("undecided: no TCP connection is in it\n\nrecorded"));
}

TEST_CASE("Names from outside cannot drive the terminal") {
    OutputOptions options;
    options.verbose = true;
    constexpr const char* foreign = "\x1b[31m\u202e\u009bx\xff";
    Case made = hostile();
    Recording& recording = made.story.recordings.front();
    recording.host = recording.kernel = recording.command = recording.cut_note = recording.file = foreign;
    recording.cut_off = true;
    recording.probes = {{foreign, foreign, foreign}};
    Connection& only = made.story.connections.front();
    Event message = only.events.front(), mark = message, packet = message;
    message.body = Message{.protocol = foreign, .start_line = foreign, .call_id = foreign, .sequence = foreign, .peer = foreign, .result_code = foreign, .remark = foreign};
    Icmp marker;
    marker.type = 8;
    marker.marker = foreign;
    mark.body = marker;
    Segment in_a_file;
    in_a_file.frame = 7;
    in_a_file.flags = tcp_flag::rst;
    packet.body = in_a_file;
    packet.id = made.findings[1].evidence.front();
    only.events.insert(only.events.end(), {message, mark, packet});
    std::string all = text(made, options) + live_line(made.story, made.findings[0], options) + live_line(made.story, made.findings[1], options);
    for (const Event& event : made.story.connections[0].events) all += live_event_line(made.story, event, &made.story.connections[0], options);
    for (const std::string_view line : split(all, '\n')) {
        INFO(line);
        CHECK(std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20 && c < 0x7f; }));
    }
}

TEST_CASE("An empty story prints") {
    CHECK(text({}).starts_with("undecided: no TCP connection is in it\n"));
    CHECK(holds(text({}), "None, but that is no all-clear"));
}

TEST_CASE("Live lines") {
    OutputOptions options;
    options.utc = true;
    const Case made = forged_reset();
    CHECK(live_line(made.story, made.findings[0], options).starts_with("14:03:13.252102  proven    path                 reset-forged            The RST"));
    CHECK(live_line(made.story, made.findings[0], options, made.findings[0].last_ns + 1'200'000'000).ends_with(" (told 1.2 s late)"));
    CHECK_FALSE(holds(live_line(made.story, made.findings[0], options, made.findings[0].last_ns), "late"));
    const Connection& edge = made.story.connections[0];
    CHECK(live_event_line(made.story, edge.events[2], &edge, options, edge.events[2].time_ns + 2'000).ends_with(" id 54021 (told 2 us late)"));
    const std::string known = live_event_line(made.story, edge.events[2], &edge, options);
    CHECK(known.starts_with("  14:03:11.204031  edge      #1  10.0.1.2:40112 -> 10.0.2.2:5061  sipd[4711]"));
    CHECK(known.ends_with("  wire   SYN out seq 3269462193 win 64240 mss 1460 ttl 64 id 54021"));
    const std::string unknown = live_event_line(made.story, edge.events[2], nullptr, options);
    CHECK(holds(unknown, "10.0.1.2:40112 -- 10.0.2.2:5061"));
}

TEST_CASE("Messages of a log that no socket carried are listed, the first of many unless all are asked for") {
    Case made = healthy_case(1);
    for (std::size_t i = 0; i < 23; ++i) {
        Message message;
        message.protocol = "SIP";
        message.start_line = "OPTIONS sip:example.net SIP/2.0";
        message.call_id = "call-" + std::to_string(i);
        Event& event = made.story.unmatched.emplace_back();
        event.time_ns = 1'000'000 * i;
        event.body = std::move(message);
    }
    const std::string some = text(made);
    CHECK(holds(some, "\nMESSAGES WITHOUT A SOCKET\n"));
    CHECK(holds(some, "call-19"));
    CHECK_FALSE(holds(some, "call-20"));
    CHECK(holds(some, "\n3 more; --all lists them\n"));
    OutputOptions options;
    options.all = true;
    CHECK(holds(text(made, options), "call-22"));
    CHECK_FALSE(holds(text(healthy_case(1)), "MESSAGES WITHOUT"));
}

TEST_CASE("What a pasted text cannot tell is said") {
    const std::pair<std::map<std::string, std::string>, const char*> cautions[] = {
        {{{"text.rows_without_ports", "15"}}, "15 rows show neither ports nor numbers"},
        {{{"text.port_names", "sometool 64512"}}, "names that are not known here; these numbers stand for them: sometool 64512"},
        {{{"text.repeated_rows", "1"}}, "1 row stands in the text twice"},
        {{{"text.relative_time", "yes"}}, "its times count from an unknown moment"},
        {{{"text.relative_time", "differences"}}, "each time counts from the row before"},
        {{{"text.no_date", "yes"}}, "no date"},
        {{{"own_end", "guessed"}}, "--witness NAME=ADDR tells it"},
        {{{"log.messages_outside", "2"}}, "2 messages of the log lie outside"},
        {{{"log.fits_shifted_hours", "-2"}}, "shifted by -2 h they do"},
    };
    for (const auto& [meta, words] : cautions) {
        Case made = healthy_case(1);
        CHECK_FALSE(holds(text(made), words));
        for (const auto& [key, value] : meta) made.story.recordings.front().meta[key] = value;
        CHECK(holds(text(made), words));
    }
}

TEST_CASE("Rows that say TCP and could not be read are counted as that") {
    Case made = healthy_case(1);
    made.story.recordings.front().meta["source"] = "packet list";
    made.story.recordings.front().unknown_records = 2;
    CHECK(holds(text(made), "2 rows say TCP and could not be read."));
}
