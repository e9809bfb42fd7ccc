#include "parsers/windows_journal.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "parsers/packet.h"
#include "parsers/pcapng_format.h"

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

void Journal::take(std::string_view block) {
    const Line line = parse_journal(block);
    if (line.provider == Provider::none || line.provider == Provider::pktmon || !room_) return;
    any_ = any_ || line.provider == Provider::tcpip || line.provider == Provider::afd;
    room_ = decoder_.take(line);
}

void Journal::see(const CapturedPacket& captured) {
    if (!captured.has_time) return;
    Packet packet;
    decode_packet(captured.link_type, captured.data, captured.original_length, packet);
    const std::uint32_t direction = captured.flags & pcapng::direction_mask;
    decoder_.see(packet, direction ? std::optional(direction == pcapng::flag_outbound) : std::nullopt, captured.time_ns);
}

std::vector<Address> Journal::own_addresses() const { return {decoder_.own_addresses().begin(), decoder_.own_addresses().end()}; }

Trace Journal::finish() {
    Trace trace = decoder_.finish();
    trace.info.meta["time.zone"] = "file";  // UTC, by the format
    if (!room_) trace.info.cut_note = fmt::format("it holds more than {} events; the rest is left out", Decoder::max_events);
    return trace;
}

}  // namespace windows

}  // namespace tcpwitness
