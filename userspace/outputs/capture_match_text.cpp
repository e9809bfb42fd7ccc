#include "outputs/capture_match_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"

namespace tcpwitness {

std::string capture_match_text(const CaptureMatch& match) {
    std::string text;
    if (const std::uint64_t events = match.events_without_packet()) {
        text = fmt::format("the capture {} {}: ", match.packets ? "lacks the packets of" : "holds none of its packets; there must have been some for",
                           count_text(events, "socket event", "socket events"));
        for (std::size_t i = 0; i < match.missing.size(); ++i) {
            const CaptureMatch::Missing& one = match.missing[i];
            text += fmt::format("{}{}", i ? ", " : "", name(one.what));
            if (one.count > 1) text += fmt::format(" ({} times)", one.count);
        }
    }
    if (match.without_socket) {
        text += fmt::format("{}{} without a socket in the trace", text.empty() ? "" : "; ", count_text(match.without_socket, "packet", "packets"));
        if (!match.frames.empty()) text += fmt::format(": {} {}", match.without_socket == 1 ? "frame" : "frames", fmt::join(match.frames, ", "));
        if (match.without_socket > match.frames.size()) text += fmt::format(" and {} more", match.without_socket - match.frames.size());
    }
    return text;
}

}  // namespace tcpwitness
