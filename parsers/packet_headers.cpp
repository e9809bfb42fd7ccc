#include "parsers/packet_headers.h"

#include <algorithm>
#include <cstring>

#include "parsers/pcapng_format.h"

namespace tcpwitness {

namespace {

namespace link = pcapng::link;

constexpr std::uint16_t ether_ipv4 = 0x0800, ether_ipv6 = 0x86dd;
constexpr std::uint8_t protocol_tcp = 6;
constexpr int max_vlan_tags = 4, max_extension_headers = 8;

/// What is left of the packet: the captured bytes, and how many there were on the wire.
struct Rest {
    std::string_view bytes;
    std::uint32_t wire;

    bool has(std::size_t size) const { return bytes.size() >= size; }
    std::uint8_t u8(std::size_t at) const { return static_cast<std::uint8_t>(bytes[at]); }
    std::uint16_t u16(std::size_t at) const { return static_cast<std::uint16_t>(u8(at) << 8 | u8(at + 1)); }
    std::uint32_t u32(std::size_t at) const { return std::uint32_t{u16(at)} << 16 | u16(at + 2); }
    const std::uint8_t* data(std::size_t at) const { return reinterpret_cast<const std::uint8_t*>(bytes.data()) + at; }

    bool skip(std::size_t size) {
        if (!has(size)) return false;
        bytes.remove_prefix(size);
        wire -= static_cast<std::uint32_t>(std::min<std::size_t>(size, wire));
        return true;
    }
};

bool vlan_tag(std::uint16_t type) { return type == 0x8100 || type == 0x88a8 || type == 0x9100; }

/// Takes the link header off; false when what follows is not IP.
bool skip_link(std::uint16_t link_type, Rest& rest, Segment& segment) {
    switch (link_type) {
        case link::raw_ip:
        case link::ipv4:
        case link::ipv6: return true;
        case link::null:
        case link::loop: return rest.skip(4);
        case link::linux_sll: return rest.skip(16);
        case link::linux_sll2: return rest.skip(20);
        case link::ethernet: break;
        default: return false;
    }
    if (!rest.has(14)) return false;
    std::memcpy(segment.source_mac.data(), rest.data(6), segment.source_mac.size());
    segment.has_mac = std::any_of(segment.source_mac.begin(), segment.source_mac.end(), [](std::uint8_t byte) { return byte != 0; });
    std::uint16_t type = rest.u16(12);
    rest.skip(14);
    for (int tags = 0; vlan_tag(type); ++tags) {
        if (tags == max_vlan_tags || !rest.has(4)) return false;
        type = rest.u16(2);
        rest.skip(4);
    }
    return type == ether_ipv4 || type == ether_ipv6;
}

/// `length` as the IP header tells it; 0 there means the segment is larger than the field (TSO): then what was on the wire counts.
void limit_wire(Rest& rest, std::uint32_t length) {
    if (length != 0) rest.wire = length;
}

bool skip_ipv4(Rest& rest, ParsedSegment& parsed) {
    if (!rest.has(20)) return false;
    const std::size_t header = (rest.u8(0) & 15u) * 4;
    const std::uint16_t fragment = rest.u16(6);
    if (header < 20 || rest.u8(9) != protocol_tcp || (fragment & 0x1fff) != 0) return false;
    parsed.segment.ip_id = rest.u16(4);
    parsed.segment.dont_fragment = fragment & 0x4000;
    parsed.segment.ttl = rest.u8(8);
    parsed.flow.local.address = Address::ipv4(rest.data(12));
    parsed.flow.peer.address = Address::ipv4(rest.data(16));
    limit_wire(rest, rest.u16(2));
    return rest.skip(header);
}

bool skip_ipv6(Rest& rest, ParsedSegment& parsed) {
    if (!rest.has(40)) return false;
    parsed.segment.ttl = rest.u8(7);
    parsed.flow.local.address = Address::ipv6(rest.data(8));
    parsed.flow.peer.address = Address::ipv6(rest.data(24));
    std::uint8_t next = rest.u8(6);
    const std::uint16_t length = rest.u16(4);
    rest.skip(40);
    limit_wire(rest, length);
    for (int depth = 0; next != protocol_tcp; ++depth) {
        constexpr std::uint8_t hop_by_hop = 0, routing = 43, fragment = 44, authentication = 51, destination = 60, mobility = 135;
        if (depth == max_extension_headers || !rest.has(8)) return false;
        std::size_t header = (rest.u8(1) + 1u) * 8;
        switch (next) {
            case hop_by_hop:
            case routing:
            case destination:
            case mobility: break;
            case authentication: header = (rest.u8(1) + 2u) * 4; break;
            case fragment:
                if ((rest.u16(2) & 0xfff8) != 0) return false;
                header = 8;
                break;
            default: return false;
        }
        next = rest.u8(0);
        if (!rest.skip(header)) return false;
    }
    return true;
}

void read_options(Rest options, Segment& segment) {
    constexpr std::uint8_t end = 0, padding = 1, mss = 2, timestamps = 8;
    while (options.has(1) && options.u8(0) != end) {
        if (options.u8(0) == padding) {
            options.skip(1);
            continue;
        }
        if (!options.has(2) || options.u8(1) < 2 || !options.has(options.u8(1))) return;
        const std::uint8_t kind = options.u8(0), length = options.u8(1);
        if (kind == mss && length == 4) segment.mss = options.u16(2);
        if (kind == timestamps && length == 10) {
            segment.has_timestamps = true;
            segment.tsval = options.u32(2);
            segment.tsecr = options.u32(6);
        }
        options.skip(length);
    }
}

bool read_tcp(const Rest& rest, ParsedSegment& parsed) {
    constexpr std::size_t fixed = 20;
    if (!rest.has(fixed)) return false;
    const std::size_t header = (rest.u8(12) >> 4) * 4u;
    if (header < fixed) return false;
    parsed.flow.local.port = rest.u16(0);
    parsed.flow.peer.port = rest.u16(2);
    Segment& segment = parsed.segment;
    segment.seq = rest.u32(4);
    segment.ack = rest.u32(8);
    segment.flags = rest.u8(13);
    segment.window = rest.u16(14);
    segment.options_length = static_cast<std::uint32_t>(header - fixed);
    segment.payload = rest.wire > header ? rest.wire - static_cast<std::uint32_t>(header) : 0;
    read_options({rest.bytes.substr(fixed, header - fixed), 0}, segment);
    return true;
}

}  // namespace

std::optional<ParsedSegment> parse_segment(std::uint16_t link_type, std::string_view bytes, std::uint32_t wire_length) {
    std::optional<ParsedSegment> parsed(std::in_place);
    Rest rest{bytes, wire_length};
    if (!skip_link(link_type, rest, parsed->segment) || !rest.has(1)) return std::nullopt;
    const int version = rest.u8(0) >> 4;
    const bool ip = version == 4 ? skip_ipv4(rest, *parsed) : version == 6 ? skip_ipv6(rest, *parsed) : false;
    if (!ip || !read_tcp(rest, *parsed)) return std::nullopt;
    return parsed;
}

void add_segment_events(const Event& common, const ParsedSegment& parsed, bool outgoing, std::string_view device, std::vector<Event>& out) {
    const auto add = [&](bool direction) {
        Event& event = out.emplace_back(common);
        event.flow = direction ? parsed.flow : parsed.flow.reversed();
        Segment segment = parsed.segment;
        segment.outgoing = direction;
        event.body = segment;
    };
    if (outgoing || device == "lo") add(true);
    if (!outgoing) add(false);
}

}  // namespace tcpwitness
