#include "parsers/pcapng_writer.h"

#include <algorithm>
#include <cstring>

#include "parsers/pcapng_format.h"

namespace tcpwitness::pcapng {

namespace {

constexpr std::size_t max_option = 65535;

constexpr std::size_t padding(std::size_t size) { return (4 - size % 4) % 4; }

template <typename T>
void append_number(std::string& out, T value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_option(std::string& out, std::uint16_t code, std::string_view value) {
    value = value.substr(0, max_option);
    append_number(out, code);
    append_number(out, static_cast<std::uint16_t>(value.size()));
    out.append(value);
    out.append(padding(value.size()), '\0');
}

void append_text_option(std::string& out, std::uint16_t code, std::string_view value) {
    if (!value.empty()) append_option(out, code, value);
}

/// Starts a block; `end_block` fills in its length.
std::size_t begin_block(std::string& out, std::uint32_t type) {
    const std::size_t start = out.size();
    append_number(out, type);
    append_number(out, std::uint32_t{0});
    return start;
}

void end_block(std::string& out, std::size_t start) {
    append_number(out, std::uint32_t{0});  // opt_endofopt
    const auto length = static_cast<std::uint32_t>(out.size() - start + sizeof(std::uint32_t));
    append_number(out, length);
    std::memcpy(out.data() + start + 4, &length, sizeof length);
}

struct PacketHead {
    std::uint32_t type, block_length, interface, time_high, time_low, captured, original;
};

/// What follows a packet's bytes, put together on the stack: padding, options, trailing length.
struct Tail {
    char bytes[3 + 8 + 12 + 4 + 4];
    std::size_t size = 0;

    template <typename T>
    void add(T value) {
        std::memcpy(bytes + size, &value, sizeof value);
        size += sizeof value;
    }
};

}  // namespace

void append_section(std::string& out, std::string_view os, std::string_view application, std::span<const std::string> comments) {
    const std::size_t start = begin_block(out, block::section);
    append_number(out, byte_order_magic);
    append_number(out, std::uint16_t{1});  // version 1.0
    append_number(out, std::uint16_t{0});
    append_number(out, ~std::uint64_t{0});  // section length: not known
    for (const std::string& comment : comments) append_text_option(out, option::comment, comment);
    append_text_option(out, option::section_os, os);
    append_text_option(out, option::section_application, application);
    end_block(out, start);
}

void append_interface(std::string& out, std::uint16_t link_type, std::string_view name, std::string_view description, std::uint32_t snap_length,
                      std::uint8_t resolution) {
    const auto exponent = static_cast<char>(resolution);
    const std::size_t start = begin_block(out, block::interface);
    append_number(out, link_type);
    append_number(out, std::uint16_t{0});
    append_number(out, snap_length);
    append_text_option(out, option::interface_name, name);
    append_text_option(out, option::interface_description, description);
    append_option(out, option::interface_resolution, {&exponent, 1});
    end_block(out, start);
}

void append_packet(std::string& out, const Packet& packet) {
    const std::size_t pad = padding(packet.data.size());
    const std::string_view comment = packet.comment.substr(0, max_option);
    const std::size_t comment_size = comment.empty() ? 0 : 4 + comment.size() + padding(comment.size());
    const std::size_t options = (packet.flags ? 8 : 0) + (packet.id ? 12 : 0) + comment_size;
    const auto length = static_cast<std::uint32_t>(sizeof(PacketHead) + packet.data.size() + pad + options + (options ? 4 : 0) + 4);

    const PacketHead head{block::packet,
                          length,
                          packet.interface,
                          static_cast<std::uint32_t>(packet.time_ns >> 32),
                          static_cast<std::uint32_t>(packet.time_ns),
                          static_cast<std::uint32_t>(packet.data.size()),
                          packet.original_length};
    out.append(reinterpret_cast<const char*>(&head), sizeof head);
    out.append(packet.data);

    if (comment_size) {
        out.append(pad, '\0');
        append_option(out, option::comment, comment);
    }
    Tail tail;
    if (!comment_size) {
        std::memset(tail.bytes, 0, 3);
        tail.size = pad;
    }
    if (packet.flags) {
        tail.add(option::packet_flags);
        tail.add(std::uint16_t{4});
        tail.add(packet.flags);
    }
    if (packet.id) {
        tail.add(option::packet_id);
        tail.add(std::uint16_t{8});
        tail.add(packet.id);
    }
    if (options) tail.add(std::uint32_t{0});
    tail.add(length);
    out.append(tail.bytes, tail.size);
}

}  // namespace tcpwitness::pcapng
