#include "sources/sources.h"

#include <fmt/format.h>

#include "parsers/file_kind.h"
#include "parsers/packet_text.h"
#include "parsers/pasted_text.h"
#include "parsers/pcap_reader.h"
#include "parsers/pcapng_beginning.h"
#include "parsers/sip_log.h"
#include "parsers/text_lines.h"
#include "parsers/windows_text.h"

namespace tcpwitness {

namespace {

// The first that matches counts: what is special stands before what it is a special case of.
constexpr Source table[] = {
    {SourceKind::trace, "tcpwitness traces", "tcpwitness record, demo", [](const Beginning& b) { return pcapng::begins_as_ours(b.bytes()); }, true},
    {SourceKind::capture, "pcapng captures", "Wireshark, dumpcap, tshark and the like; etl2pcapng, with events",
     [](const Beginning& b) { return pcapng::Reader::recognise(b.bytes()); }, false},
    {SourceKind::capture, "pcap captures", "tcpdump and the like, in microseconds or nanoseconds",
     [](const Beginning& b) { return PcapReader::recognise(b.bytes()); }, false},
    {SourceKind::sip_log, "SIP logs", "SIP stacks, as records or as packets",
     [](const Beginning& b) { return is_sip_log(b.text()); }, false},
    {SourceKind::windows_text, "Windows TCPIP/AFD traces as text", "Network Monitor, netsh trace convert, pktmon etl2txt",
     [](const Beginning& b) { return is_windows_text(b.text()); }, false},
    {SourceKind::packet_text, "packet lists as text", "Wireshark's packet list, tcpdump's and tshark's lines, as pasted into tickets",
     [](const Beginning& b) { return is_packet_text(b.text()); }, false},
};

}  // namespace

std::string_view Beginning::text() const {
    if (!text_) {
        text_ = to_utf8(bytes_);
        if (is_marked_up(*text_)) text_ = without_markup(*text_);
    }
    return *text_;
}

std::span<const Source> sources() { return table; }

const Source* recognise_source(std::string_view first_bytes) {
    const Beginning beginning(first_bytes);
    for (const Source& row : table)
        if (row.recognise(beginning)) return &row;
    return nullptr;
}

std::string not_recognised(std::string_view first_bytes) {
    std::string names;
    for (const Source& row : table) names += fmt::format("{}{}", names.empty() ? "" : ", ", row.name);
    return fmt::format("{}; what can be read: {}", file_kind(first_bytes), names);
}

}  // namespace tcpwitness
