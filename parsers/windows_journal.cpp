#include "parsers/windows_journal.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "parsers/packet.h"
#include "parsers/pcapng_format.h"
#include "parsers/pcapng_reader.h"
#include "parsers/windows_decoder.h"

namespace tcpwitness {

namespace windows {

namespace {

constexpr std::size_t block_head = 8, block_tail = 4;

/// "KEY=value\n", or "KEY\n", eight bytes of length, the value, "\n" where the value holds line ends. False at the end.
bool take_field(std::string_view& entry, std::string_view& key, std::string_view& value) {
    const auto end = entry.find('\n');
    if (end == std::string_view::npos) return false;
    const std::string_view line = entry.substr(0, end);
    entry.remove_prefix(end + 1);
    if (const auto equals = line.find('='); equals != std::string_view::npos) {
        key = line.substr(0, equals);
        value = line.substr(equals + 1);
        return true;
    }
    std::uint64_t size;
    if (entry.size() < sizeof size) return false;
    std::memcpy(&size, entry.data(), sizeof size);  // little-endian, whatever the section's order is
    entry.remove_prefix(sizeof size);
    if (size > entry.size()) return false;
    key = line;
    value = entry.substr(0, size);
    entry.remove_prefix(std::min<std::size_t>(size + 1, entry.size()));
    return true;
}

}  // namespace

Line parse_journal(std::string_view block) {
    Line line;
    if (block.size() < block_head + block_tail) return line;
    std::string_view entry = block.substr(block_head, block.size() - block_head - block_tail), key, value;
    constexpr std::uint64_t us = 1000, latest = UINT64_MAX / us;
    while (take_field(entry, key, value)) {
        if (key == "_COMM")
            line.provider = provider(value);
        else if (key == "MESSAGE")
            line.body = value.substr(0, value.find_last_not_of("\r\n") + 1);
        else if (key == "__REALTIME_TIMESTAMP")
            line.local_ns = std::min(parse_number<std::uint64_t>(value).value_or(0), latest) * us;
        else if (key == "_PID")
            line.pid = parse_number<std::uint32_t>(value).value_or(0);
    }
    return line;
}

}  // namespace windows

Result<Trace> decode_windows_journal(ByteSource& source) {
    pcapng::Reader reader(source);
    windows::Decoder decoder(TimeZone{});
    std::string cut_note;
    bool room = true;
    while (room) {
        const auto item = reader.next_block();
        if (!item) return item.error();
        if (*item == pcapng::Reader::Item::end) break;
        if (*item == pcapng::Reader::Item::packet) {
            const auto& packet = reader.packet();
            if (!packet.has_time) continue;
            Packet decoded;
            decode_packet(reader.interfaces()[packet.interface].link_type, packet.data, packet.original_length, decoded);
            const std::uint32_t direction = packet.flags & pcapng::direction_mask;
            room = decoder.take(decoded, direction ? std::optional(direction == pcapng::flag_outbound) : std::nullopt, packet.frame, packet.time_ns);
        } else if (*item == pcapng::Reader::Item::other && reader.block_type() == pcapng::block::journal_export) {
            const windows::Line line = windows::parse_journal(reader.block());
            // What an announcement of a packet says, the packet beside it says better.
            if (line.provider != windows::Provider::none && line.provider != windows::Provider::pktmon) room = decoder.take(line);
        }
    }
    if (!room) cut_note = fmt::format("it holds more than {} events; what comes from byte {} on is left out", windows::Decoder::max_events, reader.offset());
    if (!decoder.any()) return Error{"no event of a Windows trace is in its journal blocks"};
    Trace trace = decoder.finish();
    trace.info.meta["time.zone"] = "file";  // UTC, by the format
    if (cut_note.empty()) cut_note = source.cut_note().empty() ? reader.cut_note() : source.cut_note();
    trace.info.cut_note = cut_note;
    trace.info.cut_off = !cut_note.empty();
    return trace;
}

}  // namespace tcpwitness
