// Damaged traces: each ends in one clear error, or in what could be read up to the cut.
#include <random>

#include <catch2/catch.hpp>

#include "parsers/pcapng_writer.h"
#include "parsers/trace_decoder.h"
#include "support/memory_source.h"
#include "support/sample_records.h"

using namespace tcpwitness;

namespace {

Result<Trace> decode(std::string bytes) {
    MemorySource source(std::move(bytes));
    return decode_trace(source);
}

bool one_line(const std::string& message) { return !message.empty() && message.find('\n') == std::string::npos; }

std::string error_of(std::string bytes) {
    const auto trace = decode(std::move(bytes));
    REQUIRE_FALSE(trace.ok());
    CHECK(one_line(trace.error().message));
    return trace.error().message;
}

/// What is told of a damaged place, while everything else is there.
std::string damage_of(std::string bytes) {
    const auto trace = decode(std::move(bytes));
    REQUIRE(trace.ok());
    CHECK(trace->events.size() == decode(sample::trace())->events.size());
    REQUIRE(trace->info.damage.size() == 1);
    return trace->info.damage.front();
}

/// The sample trace with one more record at its end, given as raw bytes.
std::string with_record(std::string_view record) {
    std::string bytes = sample::trace();
    pcapng::append_packet(bytes, {.interface = 0, .time_ns = sample::boot_to_wall + 110 * sample::second, .data = record, .original_length = 1});
    return bytes;
}

}  // namespace

TEST_CASE("a trace cut at any byte is readable up to the cut, or says that it is too short") {
    const std::string whole = sample::trace();
    const std::size_t all = decode(whole)->events.size();
    std::size_t before = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto trace = decode(whole.substr(0, size));
        if (!trace) {
            CHECK(one_line(trace.error().message));
            CHECK(size < 700);  // inside the section header
            continue;
        }
        CHECK(trace->info.cut_off);
        CHECK(trace->events.size() >= before);
        before = trace->events.size();
    }
    CHECK(before == all);
}

TEST_CASE("files of other kinds are refused with what was seen") {
    CHECK(error_of("") == "not a tcpwitness trace, but an empty file");
    CHECK(error_of("\n") == "not a tcpwitness trace, but text (\"\")");
    CHECK(error_of("GET / HTTP/1.1\r\n\r\n") == "not a tcpwitness trace, but text (\"GET / HTTP/1.1\")");
    CHECK(error_of("\x1f\x8b\x08\x01 and so on") == "not a tcpwitness trace, but a gzip file (1f 8b 08 01)");
    CHECK(error_of("\xd4\xc3\xb2\xa1\x02") == "not a tcpwitness trace, but a pcap capture (d4 c3 b2 a1)");
    CHECK(error_of("\x80\x81\x82\x83\x84") == "not a tcpwitness trace, but an unknown kind of file (80 81 82 83)");

    std::string foreign;
    pcapng::append_section(foreign, "Linux", "Dumpcap (Wireshark) 4.0.17", {});
    pcapng::append_interface(foreign, 1, "eth0", "");
    CHECK(error_of(foreign) == "not a tcpwitness trace, but a pcapng capture without records of ours");
    pcapng::append_packet(foreign, {.interface = 0, .time_ns = 1, .data = "x", .original_length = 1});
    CHECK(error_of(foreign) == "not a tcpwitness trace, but a pcapng capture made by Dumpcap (Wireshark) 4.0.17");
}

TEST_CASE("a bad record is passed over and told with its place") {
    CHECK(damage_of(with_record("short")).find("frame 24, block at byte") == 0);
    sample::Recorder from;
    std::string record = from.record(TW_ERROR, TW_PROBE_ERROR, tw_error{});
    CHECK(damage_of(with_record(record.substr(0, record.size() - 1))).find("record says it has 136 bytes, but has 135") != std::string::npos);
    record[offsetof(tw_head, size)] = 50;
    CHECK(damage_of(with_record(record)).find("kind 6 has 50 bytes, but needs 104") != std::string::npos);
}

TEST_CASE("damage in the middle hides neither what came before nor what comes after, and what it took is a loss") {
    TraceEncoder encoder(sample::metadata(), sample::boot_to_wall);
    sample::Recorder from;
    std::vector<std::size_t> begins;
    for (int i = 0; i < 40; ++i) {
        begins.push_back(encoder.buffer().size());
        from.time_ns += 1000;
        const std::string record = from.record(TW_RESET_IN, TW_PROBE_RESET_IN, tw_reset_in{});
        encoder.record(record.data(), record.size());
    }
    const std::string whole = encoder.buffer();
    const auto events_of = [](const Trace& trace) {
        return std::count_if(trace.events.begin(), trace.events.end(), [](const Event& event) { return event.as<ResetReceived>(); });
    };
    REQUIRE(events_of(*decode(whole)) == 40);
    for (const char fill : {'\0', '\xff', 'x'}) {
        std::string bytes = whole;
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begins[10] + 2), bytes.begin() + static_cast<std::ptrdiff_t>(begins[14] - 2), fill);
        const auto trace = decode(bytes);
        REQUIRE(trace.ok());
        CHECK(events_of(*trace) == 36);
        REQUIRE(trace->info.damage.size() == 1);
        CHECK(trace->info.damage.front().find(std::to_string(begins[10])) != std::string::npos);
        std::uint64_t lost = 0;
        for (const Event& event : trace->events)
            if (const Gap* gap = event.as<Gap>()) lost += gap->lost;
        CHECK(lost == 4);
    }
    std::string bytes = whole;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begins[30]), bytes.end(), 'x');
    const auto rest = decode(bytes);
    REQUIRE(rest.ok());
    CHECK(events_of(*rest) == 30);
    CHECK(rest->info.cut_off);
    CHECK(rest->info.damage.front().starts_with("nothing behind byte"));
}

TEST_CASE("records of a newer tcpwitness are skipped and counted, and their numbers are not lost") {
    sample::Recorder from;
    from.cpu = 3;
    const auto trace = decode(with_record(from.record(99, 30, tw_state{})));
    REQUIRE(trace.ok());
    CHECK(trace->info.unknown_records == 1);
    CHECK(trace->events.size() == 9);
}

TEST_CASE("packets that are not TCP, and interfaces that are not ours, are skipped and counted") {
    std::string bytes = sample::trace();
    pcapng::append_interface(bytes, 1, "eth7", "somebody's");
    pcapng::append_packet(bytes, {.interface = 1, .time_ns = sample::boot_to_wall, .data = "not TCP", .original_length = 7});
    pcapng::append_packet(bytes, {.interface = 3, .time_ns = sample::boot_to_wall, .data = "foreign", .original_length = 7});
    const auto trace = decode(bytes);
    REQUIRE(trace.ok());
    CHECK(trace->info.foreign_packets == 2);
    CHECK(trace->events.size() == 9);
}

TEST_CASE("numbers that are missing without a gap record become a gap") {
    TraceEncoder encoder(sample::metadata(), sample::boot_to_wall);
    sample::Recorder from;
    const auto put = [&](std::string record) { encoder.record(record.data(), record.size()); };
    put(from.record(TW_RESET_IN, TW_PROBE_RESET_IN, tw_reset_in{}));
    from.lose(5);
    from.time_ns += 1000;
    put(from.record(TW_RESET_IN, TW_PROBE_RESET_IN, tw_reset_in{}));
    SECTION("silently lost") {
        const auto trace = decode(encoder.buffer());
        REQUIRE(trace.ok());
        REQUIRE(trace->events.size() == 3);
        CHECK(trace->events[2].as<Gap>()->lost == 5);
        CHECK(trace->events[2].as<Gap>()->probe == "unknown");
        CHECK(trace->events[2].witness < trace->info.witnesses.size());
    }
    SECTION("written down by the recorder") {
        tw_gap gap{};
        gap.from_ns = from.time_ns - 1000;
        gap.to_ns = from.time_ns;
        gap.lost = 5;
        gap.lost_probe = TW_PROBE_RESET_IN;
        encoder.gap(from.time_ns, gap, 0);
        const auto trace = decode(encoder.buffer());
        REQUIRE(trace.ok());
        REQUIRE(trace->events.size() == 3);
        CHECK(trace->events[2].as<Gap>()->probe == "reset_received");
    }
}

TEST_CASE("two recordings in one file are refused, one that repeats its own keys is not") {
    CHECK(decode(sample::trace() + sample::trace()).ok());
    auto other = sample::metadata();
    other[4].second = "another boot";
    TraceEncoder encoder(other, sample::boot_to_wall);
    CHECK(error_of(sample::trace() + encoder.buffer()).find("more than one recording") != std::string::npos);
}

TEST_CASE("a trace whose metadata is larger than an option survives") {
    auto metadata = sample::metadata();
    for (int i = 0; i < 5000; ++i) metadata.emplace_back("netns.4026532001.sysctl.net.number" + std::to_string(i), std::string(20, 'v'));
    metadata.emplace_back("command.long", std::string(200000, 'x') + "\nended_ns=1");
    TraceEncoder encoder(metadata, sample::boot_to_wall);
    const auto trace = decode(encoder.buffer());
    REQUIRE(trace.ok());
    CHECK(trace->info.witnesses[0].sysctls.size() == 5001);
    CHECK(trace->info.ended_ns == 0);
    CHECK(trace->info.cut_off);
}

TEST_CASE("flipped bytes never do harm") {
    const std::string whole = sample::trace();
    std::mt19937 random(2026);
    int read = 0;
    for (int i = 0; i < 6000; ++i) {
        std::string bytes = whole;
        for (unsigned flips = 1 + random() % 4; flips > 0; --flips) bytes[random() % bytes.size()] ^= static_cast<char>(1u << random() % 8);
        if (random() % 4 == 0) bytes.resize(random() % bytes.size());
        const auto trace = decode(std::move(bytes));
        if (!trace) {
            REQUIRE(one_line(trace.error().message));
            continue;
        }
        ++read;
        std::uint64_t last = 0;
        for (const Event& event : trace->events) {
            REQUIRE(event.witness < trace->info.witnesses.size());
            REQUIRE(event.time_ns >= last);
            last = event.time_ns;
            if (const auto* segment = event.as<Segment>()) REQUIRE(segment->interface < trace->info.interfaces.size());
        }
    }
    CHECK(read > 100);
}
