// Connects that an application gave up before its kernel did, or that were unanswered when the recording ended.
#pragma once

#include <cstdint>
#include <optional>

#include "findings/finding.h"

namespace tcpwitness {

/// Who waits for an answer for longer than this and then closes has given up: the answer may come from the other side of the world.
inline constexpr std::uint64_t answer_due_ns = 200'000'000;

struct GivenUpConnect {
    const Event* exit = nullptr;  ///< the process ended with the connect unanswered
    const Event* answer = nullptr;  ///< a SYN-ACK that came in later, when no socket was there any more
    std::uint64_t began_ns = 0, end_ns = 0;
    bool pending = false;         ///< nobody gave up: the recording ended first
    std::uint64_t waited_ns() const { return end_ns - began_ns; }
};

/// Nothing for a connect that was answered, that the kernel itself ended, or that was taken back before an answer was due: within 200 ms the answer
/// may still be on its way from the other side of the world.
std::optional<GivenUpConnect> given_up_connect(const Story&, const Connection&);

}  // namespace tcpwitness
