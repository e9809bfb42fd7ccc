#include "parsers/trace_encoder.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "parsers/pcapng_format.h"
#include "parsers/pcapng_writer.h"

namespace tcpwitness {

namespace {

constexpr std::size_t max_comment = 60000;  // an option holds at most 65,535 bytes
constexpr std::size_t max_meta = 60000;     // tw_head.size is 16 bits wide
constexpr std::uint8_t ethernet_header = 14;

std::string_view value_of(const Metadata& metadata, std::string_view key, std::string_view otherwise) {
    for (const auto& [name, value] : metadata)
        if (name == key) return value;
    return otherwise;
}

/// "key=value" on one line, whatever the value holds.
std::string line(std::string_view key, std::string_view value) {
    std::string text = fmt::format("{}={}", key, value).substr(0, max_meta);
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

/// The lines, in as few comments as their greatest length allows.
std::vector<std::string> comments(const Metadata& metadata) {
    std::vector<std::string> blocks;
    for (const auto& [key, value] : metadata) {
        const std::string text = line(key, value);
        if (blocks.empty() || blocks.back().size() + text.size() + 1 > max_comment)
            blocks.push_back(text);
        else
            blocks.back().append("\n").append(text);
    }
    return blocks;
}

std::string_view bytes_of(const auto& value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

tw_head collector_head(std::uint64_t boot_ns, std::uint8_t kind, std::size_t body) {
    tw_head head{};
    head.time_ns = boot_ns;
    head.size = static_cast<std::uint16_t>(sizeof head + body);
    head.kind = kind;
    head.probe = TW_PROBE_COLLECTOR;
    return head;
}

}  // namespace

TraceEncoder::TraceEncoder(const Metadata& metadata, std::uint64_t boot_to_wall_ns) : boot_to_wall_ns_(boot_to_wall_ns) {
    pcapng::append_section(buffer_, value_of(metadata, "kernel", "Linux"), value_of(metadata, "tool", "tcpwitness"), comments(metadata));
    pcapng::append_interface(buffer_, pcapng::link::user0, "kernel", "records of tcpwitness, bpf/records.h");
    const auto started = parse_number<std::uint64_t>(value_of(metadata, "started_ns", "0")).value_or(0);
    for (const auto& [key, value] : metadata) meta(started, key, value);
}

void TraceEncoder::append(std::uint64_t boot_ns, std::string_view record) {
    pcapng::append_packet(buffer_, {.interface = 0,
                                    .time_ns = boot_ns + boot_to_wall_ns_,
                                    .data = record,
                                    .original_length = static_cast<std::uint32_t>(record.size())});
}

void TraceEncoder::record(const void* data, std::size_t size) {
    tw_head head;
    std::memcpy(&head, data, sizeof head);
    const std::string_view bytes(static_cast<const char*>(data), size);
    if (head.kind == TW_PACKET && size >= sizeof head + offsetof(tw_packet, data))
        packet(head, bytes);
    else
        append(head.time_ns, bytes);
}

void TraceEncoder::packet(const tw_head& head, std::string_view record) {
    tw_packet packet;
    std::memcpy(&packet, record.data() + sizeof head, offsetof(tw_packet, data));
    std::string_view data = record.substr(sizeof head + offsetof(tw_packet, data)).substr(0, packet.captured);
    std::uint32_t length = packet.length;
    if (packet.link_header != ethernet_header) {
        const std::size_t skip = std::min<std::size_t>(packet.link_header, data.size());
        data.remove_prefix(skip);
        length -= std::min<std::uint32_t>(length, packet.link_header);
    }
    pcapng::append_packet(buffer_, {.interface = interface_of(head.netns, packet),
                                    .time_ns = head.time_ns + boot_to_wall_ns_,
                                    .data = data,
                                    .original_length = length,
                                    .flags = packet.direction & pcapng::direction_mask,
                                    .id = std::uint64_t{head.cpu} << 32 | head.seq});
}

std::uint32_t TraceEncoder::interface_of(std::uint32_t netns, const tw_packet& packet) {
    const bool ethernet = packet.link_header == ethernet_header;
    const std::uint64_t key = std::uint64_t{netns} << 32 | std::uint64_t{ethernet} << 31 | (packet.ifindex & 0x7fffffff);
    if (key == last_key_) return last_interface_;
    const auto [entry, added] = interfaces_.try_emplace(key, static_cast<std::uint32_t>(interfaces_.size() + 1));
    if (added) {
        const auto* name = reinterpret_cast<const char*>(packet.ifname);
        pcapng::append_interface(buffer_, ethernet ? pcapng::link::ethernet : pcapng::link::raw_ip,
                                 std::string_view(name, strnlen(name, TW_IFNAME_LEN)),
                                 fmt::format("netns={} ifindex={}", netns, packet.ifindex));
    }
    last_key_ = key;
    return last_interface_ = entry->second;
}

void TraceEncoder::meta(std::uint64_t boot_ns, std::string_view key, std::string_view value) {
    const std::string text = line(key, value);
    tw_meta body{};
    body.length = static_cast<std::uint32_t>(text.size());
    std::string record(bytes_of(collector_head(boot_ns, TW_META, sizeof body + text.size())));
    record.append(bytes_of(body)).append(text);
    append(boot_ns, record);
}

void TraceEncoder::gap(std::uint64_t boot_ns, const tw_gap& gap, std::uint16_t cpu) {
    tw_head head = collector_head(boot_ns, TW_GAP, sizeof gap);
    head.cpu = cpu;
    std::string record(bytes_of(head));
    record.append(bytes_of(gap));
    append(boot_ns, record);
}

}  // namespace tcpwitness
