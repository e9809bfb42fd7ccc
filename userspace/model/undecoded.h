#pragma once

#include <cstdint>
#include <string>

namespace tcpwitness {

/// Of a capture's packets that cannot be looked into (Recording::undecoded): "12 encrypted ESP packets", "1 packet of link type 189".
inline std::string undecoded_text(std::string what, std::uint64_t packets) {
    if (packets == 1)
        for (const std::string_view plural : {"packets", "frames"})
            if (const auto at = what.find(plural); at != std::string::npos) what.erase(at + plural.size() - 1, 1);
    return std::to_string(packets) + " " + what;
}

}  // namespace tcpwitness
