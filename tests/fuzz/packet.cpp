// One packet: two bytes of link type, four of original length, then the packet.
#include <cstring>

#include "input.h"
#include "parsers/packet.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tcpwitness;
    std::uint16_t link_type;
    std::uint32_t original_length;
    if (size < sizeof link_type + sizeof original_length) return 0;
    std::memcpy(&link_type, data, sizeof link_type);
    std::memcpy(&original_length, data + sizeof link_type, sizeof original_length);
    const std::string_view frame = fuzz::bytes(data, size).substr(sizeof link_type + sizeof original_length);
    Packet packet;
    decode_packet(link_type, frame, original_length, packet);
    return 0;
}
