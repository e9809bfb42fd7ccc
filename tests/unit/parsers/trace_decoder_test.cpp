#include "parsers/trace_decoder.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "support/memory_source.h"
#include "support/sample_records.h"

using namespace tcpwitness;

namespace {

Result<Trace> decode(std::string bytes, std::size_t piece = 4096) {
    MemorySource source(std::move(bytes), piece);
    return decode_trace(source);
}

std::vector<std::string> kinds(const Trace& trace) {
    std::vector<std::string> names;
    for (const Event& event : trace.events) names.emplace_back(kind_name(event));
    return names;
}

}  // namespace

TEST_CASE("what the encoder writes, the decoder reads, in time order") {
    const auto trace = decode(sample::trace());
    REQUIRE(trace.ok());
    CHECK(kinds(*trace) == std::vector<std::string>{"call", "state", "timer", "packet", "packet", "retransmit", "reset_sent", "error", "call"});
    for (std::size_t i = 0; i < trace->events.size(); ++i) CHECK(trace->events[i].id == i + 1);

    const TraceInfo& info = trace->info;
    CHECK(info.host == "box");
    CHECK(info.tool == "tcpwitness 0.1.0");
    CHECK(info.boot_to_wall_ns == sample::boot_to_wall);
    CHECK(info.started_ns == 100 * sample::second);
    CHECK(info.ended_ns == 108 * sample::second);
    CHECK_FALSE(info.cut_off);
    REQUIRE(info.witnesses.size() == 2);
    CHECK(info.witnesses[0].name == "edge");
    CHECK(info.witnesses[0].host == "box");
    CHECK(info.witnesses[0].sysctls.at("net.ipv4.tcp_syn_retries") == "2");
    REQUIRE(info.probes.size() == 1);
    CHECK(info.probes[0].attached());
    REQUIRE(info.interfaces.size() == 2);
    CHECK(info.interfaces[0].name == "veth0");
    CHECK(info.interfaces[1].witness == 1);

    const Event& enter = trace->events[0];
    CHECK(enter.time_ns == 100 * sample::second - 1000);
    CHECK(enter.as<Call>()->phase == Call::Phase::enter);
    CHECK(enter.as<Call>()->task.comm == "client");
    const Event& exit = trace->events[8];
    CHECK(exit.as<Call>()->ret == -110);
    CHECK(exit.as<Call>()->took_ns == 7 * sample::second + 2000);

    const Event& syn = trace->events[3];
    CHECK(syn.as<Segment>()->syn());
    CHECK(syn.as<Segment>()->outgoing);
    CHECK(syn.as<Segment>()->has_mac);
    CHECK(syn.as<Segment>()->frame > 0);
    CHECK(syn.as<Segment>()->packet_id == (std::uint64_t{syn.cpu} << 32 | syn.seq));
    CHECK(syn.flow.local.text() == "10.1.0.2:40001");
    CHECK(syn.flow.peer.text() == "10.2.0.2:5061");
    CHECK(syn.time_ns == 100 * sample::second + 2000);
    CHECK(syn.cpu == 1);
    CHECK(syn.seq == 1);
    const Event& rst = trace->events[4];
    CHECK(rst.as<Segment>()->rst());
    CHECK(rst.witness == 1);
    CHECK(rst.flow.local.text() == "10.2.0.2:5061");

    const Event& reset = trace->events[6];
    CHECK(reset.as<ResetSent>()->reason == "TCP_ABORT_ON_CLOSE");
    CHECK(reset.flow.local.text() == "[2001:db8::1]:443");
}

TEST_CASE("a source that yields one byte at a time changes nothing") {
    const auto trace = decode(sample::trace(), 1);
    REQUIRE(trace.ok());
    CHECK(trace->events.size() == 9);
}

TEST_CASE("a trace without ended_ns was cut off") {
    const auto trace = decode(sample::trace(false));
    REQUIRE(trace.ok());
    CHECK(trace->info.cut_off);
    CHECK(trace->info.cut_note.empty());
}

TEST_CASE("a file that holds a trace twice, as mergecap leaves it, is read once") {
    const auto once = decode(sample::trace()), twice = decode(sample::trace() + sample::trace());
    REQUIRE(once.ok());
    REQUIRE(twice.ok());
    CHECK(kinds(*twice) == kinds(*once));
    CHECK(twice->info.records == once->info.records);
    CHECK(once->info.copies.empty());
    CHECK(twice->info.copies == std::vector<std::string>{"8 records are in it twice: counted once"});
}

TEST_CASE("records that were cut off before a processor's first one are missed by the recorder's own count") {
    const int counted = GENERATE(1, 5);
    sample::Recorder recorder;
    TraceEncoder encoder(sample::metadata(), sample::boot_to_wall);
    recorder.time_ns += sample::second;
    tw_state state{};
    state.old_state = 7;
    state.new_state = 2;
    const std::string record = recorder.record(TW_STATE, TW_PROBE_STATE, state);
    encoder.record(record.data(), record.size());
    encoder.meta(108 * sample::second, "probe.state.events", std::to_string(counted));
    encoder.meta(108 * sample::second, "ended_ns", std::to_string(108 * sample::second));
    const auto trace = decode(std::move(encoder.buffer()));
    REQUIRE(trace.ok());
    const auto gap = std::find_if(trace->events.begin(), trace->events.end(), [](const Event& event) { return event.as<Gap>(); });
    REQUIRE((gap != trace->events.end()) == (counted > 1));
    if (counted == 1) return;
    CHECK(gap->as<Gap>()->lost == 4);
    CHECK(gap->as<Gap>()->from_ns == 100 * sample::second);
    CHECK(gap->as<Gap>()->to_ns == 108 * sample::second);
}
