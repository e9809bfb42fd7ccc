#include "sources/trace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <catch2/catch.hpp>

#include "sources/source_file.h"
#include "support/compressed.h"
#include "support/folder.h"
#include "support/sample_records.h"

using namespace tcpwitness;

namespace {

/// Anew, not over what is there: ext4 flushes a file that is cut to nothing and written again.
void replace(const std::string& path, const std::string& bytes) {
    std::filesystem::remove(path);
    spill(path, bytes);
}

void write_trace(const std::string& path, const std::string& bytes) {
    auto writer = TraceWriter::open(path, false);
    REQUIRE(writer.ok());
    REQUIRE(writer->write(bytes).ok());
    REQUIRE(writer->close().ok());
    CHECK(writer->bytes_written() == std::filesystem::file_size(path));
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a trace reads back, plain and zstd, whatever its name") {
    Folder folder;
    write_trace(folder / "a.pcapng", sample::trace());
    write_trace(folder / "a.pcapng.zst", sample::trace());
    CHECK(slurp(folder / "a.pcapng") == sample::trace());
    CHECK(slurp(folder / "a.pcapng.zst").size() < sample::trace().size());
    spill(folder / "plain-name", slurp(folder / "a.pcapng.zst"));
    for (const char* name : {"a.pcapng", "a.pcapng.zst", "plain-name"}) {
        const auto trace = read_trace(folder / name);
        REQUIRE(trace.ok());
        CHECK(trace->events.size() == 9);
        CHECK_FALSE(trace->info.cut_off);
    }
}

TEST_CASE("a pipe reads like a file") {
    Folder folder;
    for (const std::string& bytes : {sample::trace(), zstd(sample::trace())}) {
        REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
        std::thread writer([&] { spill(folder / "pipe", bytes); });
        const auto trace = read_trace(folder / "pipe");
        writer.join();
        REQUIRE(trace.ok());
        CHECK(trace->events.size() == 9);
        std::filesystem::remove(folder / "pipe");
    }
}

TEST_CASE("a zstd trace cut at any byte is readable up to the cut, or says what is wrong") {
    Folder folder;
    auto writer = TraceWriter::open(folder / "a.zst", false);
    const std::string bytes = sample::trace();
    std::vector<std::uint64_t> flushed;
    for (std::size_t at = 0; at < bytes.size(); at += 500) {
        REQUIRE(writer->write(bytes.substr(at, 500)).ok());
        REQUIRE(writer->flush().ok());
        flushed.push_back(writer->bytes_written());
    }
    const std::string killed = slurp(folder / "a.zst");  // never closed
    CHECK(killed.size() == flushed.back());
    REQUIRE(writer->close().ok());

    for (std::size_t size = 0; size < killed.size(); ++size) {
        replace(folder / "cut", killed.substr(0, size));
        const auto trace = read_trace(folder / "cut");
        if (!trace)
            CHECK(contains(trace.error().message, "/cut: "));
        else
            CHECK(trace->info.cut_off);
        if (size >= flushed[2]) REQUIRE(trace.ok());
    }
    replace(folder / "cut", killed);
    const auto trace = read_trace(folder / "cut");
    REQUIRE(trace.ok());
    CHECK(trace->events.size() == 9);
    CHECK(trace->info.cut_note == "the zstd stream is cut off");
}

TEST_CASE("the first bytes go to a zstd file at once, and later ones within a second") {
    Folder folder;
    auto writer = TraceWriter::open(folder / "a.zst", false);
    REQUIRE(writer->write(sample::trace(false)).ok());
    REQUIRE(read_trace(folder / "a.zst").ok());
    const auto first = writer->bytes_written();
    REQUIRE(writer->write("more").ok());
    CHECK(writer->bytes_written() == first);
    std::this_thread::sleep_for(std::chrono::milliseconds(1050));
    REQUIRE(writer->write({}).ok());
    const auto second = writer->bytes_written();
    CHECK(second > first);
    REQUIRE(writer->write({}).ok());
    CHECK(writer->bytes_written() == second);
}

TEST_CASE("damaged zstd streams do no harm") {
    Folder folder;
    const std::string whole = zstd(sample::trace());
    unsigned random = 1;
    for (int i = 0; i < 400; ++i) {
        std::string bytes = whole;
        random = random * 1664525 + 1013904223;
        bytes[4 + (random >> 8) % (bytes.size() - 4)] ^= static_cast<char>(1u << (random >> 4) % 8);
        replace(folder / "flipped", bytes);
        const auto trace = read_trace(folder / "flipped");
        if (!trace) CHECK(contains(trace.error().message, "/flipped: "));
    }
}

TEST_CASE("several zstd frames in a row are one trace") {
    Folder folder;
    const std::string bytes = sample::trace();
    spill(folder / "frames", zstd(bytes.substr(0, 1000)) + zstd(bytes.substr(1000)));
    const auto trace = read_trace(folder / "frames");
    REQUIRE(trace.ok());
    CHECK_FALSE(trace->info.cut_off);
}

TEST_CASE("a trace of many megabytes goes through the windows of all readers") {
    Folder folder;
    TraceEncoder encoder(sample::metadata(), sample::boot_to_wall);
    auto writer = TraceWriter::open(folder / "big.zst", false);
    sample::Recorder from;
    constexpr int count = 40000;
    for (int i = 0; i < count; ++i) {
        from.time_ns += 1000;
        const std::string record = from.record(TW_RESET_IN, TW_PROBE_RESET_IN, tw_reset_in{});
        encoder.record(record.data(), record.size());
        if (i % 1000 == 0) {
            REQUIRE(writer->write(encoder.buffer()).ok());
            encoder.buffer().clear();
        }
    }
    REQUIRE(writer->write(encoder.buffer()).ok());
    REQUIRE(writer->close().ok());
    const auto trace = read_trace(folder / "big.zst");
    REQUIRE(trace.ok());
    CHECK(trace->events.size() == count);
    CHECK(trace->events.back().id == count);
}

TEST_CASE("what cannot be read says so in one line") {
    Folder folder;
    CHECK(read_trace(folder / "none").error().message == (folder / "none") + ": cannot open: No such file or directory");
    CHECK(read_trace(folder / "").error().message == (folder / "") + ": a directory; give the files in it");
    spill(folder / "empty", "");
    CHECK(contains(read_trace(folder / "empty").error().message, (folder / "empty") + ": an empty file; what can be read: "));
    spill(folder / "text.zst", zstd("just some text, compressed"));
    spill(folder / "start.zst", zstd(sample::trace()).substr(0, 9));
    CHECK(contains(read_trace(folder / "start.zst").error().message, "the zstd stream is cut off before its first byte"));
    CHECK(contains(read_trace(folder / "text.zst").error().message, "text (\"just some text"));
}

TEST_CASE("a file that exists is left alone unless it is forced") {
    Folder folder;
    spill(folder / "a", "precious");
    const auto refused = TraceWriter::open(folder / "a", false);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().message == (folder / "a") + " exists; choose another name, or say --force to replace it");
    CHECK(slurp(folder / "a") == "precious");
    auto forced = TraceWriter::open(folder / "a", true);
    REQUIRE(forced.ok());
    REQUIRE(forced->write("new").ok());
    REQUIRE(forced->close().ok());
    CHECK(slurp(folder / "a") == "new");
    ::symlink((folder / "elsewhere").c_str(), (folder / "link").c_str());
    CHECK_FALSE(TraceWriter::open(folder / "link", false).ok());
    CHECK(contains(TraceWriter::open(folder / "no/such/folder", false).error().message, "No such file or directory"));
}

TEST_CASE("a device is written to, and a failure is told once") {
    CHECK(TraceWriter::open("/dev/null", false).ok());
    for (const char* name : {"plain", "zstd.zst"}) {
        Folder folder;
        ::symlink("/dev/full", (folder / name).c_str());
        auto writer = TraceWriter::open(folder / name, true);
        REQUIRE(writer.ok());
        Status first = writer->write(std::string(1 << 20, 'x'));
        REQUIRE_FALSE(first.ok());
        CHECK(contains(first.error().message, "No space left on device"));
        CHECK(writer->failed());
        CHECK(writer->write("more").ok());
        CHECK(writer->close().ok());
    }
}

TEST_CASE("a reader that goes away is an error, not a signal's work to explain") {
    Folder folder;
    const auto old = std::signal(SIGPIPE, SIG_IGN);
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    const int reader = ::open((folder / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
    auto writer = TraceWriter::open(folder / "pipe", false);
    REQUIRE(writer.ok());
    ::close(reader);
    const auto written = writer->write("lost");
    REQUIRE_FALSE(written.ok());
    CHECK(contains(written.error().message, "its reader is gone"));
    std::signal(SIGPIPE, old);
}

TEST_CASE("a trace that is given up after all leaves no file; a pipe or a device stays") {
    Folder folder;
    for (const char* name : {"a.pcapng", "a.zst"}) {
        auto writer = TraceWriter::open(folder / name, false);
        REQUIRE(writer->write(sample::trace()).ok());
        writer->discard();
        CHECK_FALSE(std::filesystem::exists(folder / name));
        CHECK(writer->write("more").ok());
    }
    auto device = TraceWriter::open("/dev/null", false);
    REQUIRE(device.ok());
    device->discard();
    CHECK(std::filesystem::exists("/dev/null"));
}

TEST_CASE("a pasted text that holds several kinds of trace yields each, whatever it is quoted with") {
    const std::string monitor = "501  9:20:31 AM 5/6/2014  40.1000000  10.8.0.5  10.8.0.9  TCP  TCP:Flags=......S., SrcPort=40100, DstPort=8443, PayloadLen=0, Seq=70001, Ack=0, Win=8192\n";
    const std::string dump = "2014-05-06 09:20:31.100000 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 70001, win 64240, length 0\n";
    const std::string sip = "05/06/2014|09:20:31.200 24F8:2648 INFO  :: Sending Packet - 10.8.0.9:5061 (From Local Address: 10.8.0.5:51647) 120 bytes:\n05/06/2014|09:20:31.200 24F8:2648 INFO  :: OPTIONS sip:example.net SIP/2.0\nCall-ID: 1\n";
    const std::string all = "The trace:\n" + monitor + "\nand on the other side:\n" + dump + "\nthe log says\n" + sip;
    std::string quoted;
    for (const char c : "\n" + all) quoted += c == '\n' ? "\n> " : c == '>' ? "&gt;" : std::string(1, c);
    Folder folder;
    for (const std::string& text : {all, quoted, zstd(all)}) {
        spill(folder / "pasted", text);
        auto file = open_source(folder / "pasted");
        REQUIRE(file.ok());
        const auto traces = read_traces(*file);
        REQUIRE(traces.ok());
        REQUIRE(traces->size() == 3);
        for (const ReadTrace& one : *traces) CHECK(one.trace.events.size() == 1);
        std::filesystem::remove(folder / "pasted");
    }
    spill(folder / "one", dump);
    auto file = open_source(folder / "one");
    REQUIRE(file.ok());
    CHECK(file->source->kind == SourceKind::packet_text);
    CHECK(read_traces(*file)->size() == 1);
}
