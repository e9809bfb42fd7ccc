// Why a sender sent a segment again, by what it knew then.
#pragma once

#include <cstdint>

#include "capture/session.h"
#include "parsers/packet.h"

namespace tcpwitness {

/// A mark of segment_mark::retransmission, without `spurious`. `range` is what was sent before; the segment covers it.
std::uint32_t resend_kind(const Session&, const Side& sender, const SentRange& range, std::uint64_t now_ns);

/// The segment fills a hole between captured ones: it left before those that came after the hole, and was only overtaken.
bool overtaken(const Session&, const Side& sender, const Packet&, const SentRange* behind_hole, std::uint64_t now_ns);

}  // namespace tcpwitness
