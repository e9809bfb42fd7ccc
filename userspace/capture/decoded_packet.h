#pragma once

#include <cstdint>

#include "parsers/capture_reader.h"
#include "parsers/packet.h"

namespace tcpwitness {

struct DecodedPacket {
    CapturedPacket captured;
    Packet packet;
    std::uint32_t hash = 0;  ///< of its tuple (session_table.h)
};

}  // namespace tcpwitness
