// To whom a frame was addressed on its link: a stale neighbour entry sends packets to a machine that has the address no more.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "correlate/story.h"

namespace tcpwitness {

struct Misaddressed {
    std::array<std::uint8_t, 6> to{};  ///< the link-layer address in the frames
    std::string text;                  ///< "the SYN came to edge on eth0 addressed to 02:..:01, which is no device of edge (eth0 has 02:..:02): ..."
    const Event* packet = nullptr;
};

/// Every one of these packets that came in was addressed to another machine on the link, so that the kernel took it for somebody else's. Null where one was
/// not, or where nothing tells: a device without link-layer addresses, a bridge's port, a device whose own address was not recorded.
std::optional<Misaddressed> misaddressed(const Story&, const std::vector<const Event*>& packets);

}  // namespace tcpwitness
