#include "parsers/packet_headers.h"

namespace tcpwitness {

std::optional<ParsedSegment> parse_segment(std::uint16_t link_type, std::string_view bytes, std::uint32_t wire_length) {
    Packet packet;
    decode_packet(link_type, bytes, wire_length, packet);
    if (packet.kind != Packet::Kind::tcp) return std::nullopt;
    return ParsedSegment{flow_of(packet), segment_of(packet)};
}

Flow flow_of(const Packet& packet) { return {{packet.source, packet.source_port}, {packet.destination, packet.destination_port}}; }

Segment segment_of(const Packet& packet) {
    Segment segment;
    copy_headers(packet, segment);
    segment.source_mac = packet.source_mac;
    segment.has_mac = packet.has_mac;
    segment.destination_mac = packet.destination_mac;
    segment.has_destination_mac = packet.has_destination_mac;
    return segment;
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
