// Writes a trace for tests of the program and the Wireshark plugin: the small one of the unit tests, then one record of every kind; or,
// "damaged", every record cut at every length; or the "small" one alone, with two markers; or "foreign": names that
// processes give themselves to mislead.
#include <cstdio>
#include <string_view>

#include "parsers/pcapng_writer.h"
#include "sources/trace_file.h"
#include "support/sample_records.h"

namespace {

void append_record(std::string& out, std::string_view record) {
    tcpwitness::pcapng::append_packet(out, {.interface = 0,
                                            .time_ns = sample::boot_to_wall + 120 * sample::second,
                                            .data = record,
                                            .original_length = static_cast<std::uint32_t>(record.size())});
}

void append_markers(std::string& out) {
    sample::Recorder recorder;
    recorder.cpu = 3;
    recorder.cookie = recorder.socket_id = recorder.local_port = recorder.peer_port = 0;
    for (const auto& [name, at_s] : {std::pair{"begin", 99}, {"middle", 104}, {"end", 108}}) {
        recorder.time_ns = at_s * sample::second;
        append_record(out, recorder.record(TW_ICMP, TW_PROBE_PACKET_IN, sample::marker(name)));
    }
}

/// Names that would drive a terminal or turn what follows around, and calls whose beginning nobody saw.
void append_foreign_names(std::string& out) {
    sample::Recorder recorder;
    recorder.cpu = 2;
    for (const char* name : {"\x1b[31m\xe2\x80\xaexcod", "gr\xc3\xbc\xc3\x9f", "\xc2\x9b\xff\xe2\x80\x8b"}) {
        tw_call call{};
        call.task = sample::task(500, name);
        call.ret = 3;
        call.op = TW_CALL_SOCKET;
        recorder.time_ns = 8'220 * sample::second;
        append_record(out, recorder.record(TW_CALL, TW_PROBE_CALL_EXIT, call));
    }
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) return std::fprintf(stderr, "usage: write_sample FILE [damaged|small|foreign]\n"), 2;
    const bool damaged = count > 2 && arguments[2] == std::string_view("damaged");
    std::string bytes = sample::trace();
    const bool small = count > 2 && arguments[2] == std::string_view("small");
    const bool foreign = count > 2 && arguments[2] == std::string_view("foreign");
    if (small) append_markers(bytes);
    if (foreign) append_foreign_names(bytes);
    for (const std::string& record : small || foreign ? std::vector<std::string>() : sample::every_kind())
        for (std::size_t size = damaged ? 0 : record.size(); size <= record.size(); ++size) append_record(bytes, record.substr(0, size));

    auto writer = tcpwitness::TraceWriter::open(arguments[1], true);
    if (!writer) return std::fprintf(stderr, "%s\n", writer.error().message.c_str()), 1;
    const auto written = writer->write(bytes);
    if (!written || !writer->close()) return std::fprintf(stderr, "the trace could not be written\n"), 1;
    return 0;
}
