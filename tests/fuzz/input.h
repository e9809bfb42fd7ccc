// What every fuzz target needs: the input as bytes, and eyes that look at all that a parser hands out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/describe.h"
#include "model/trace.h"
#include "parsers/view_source.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tcpwitness::fuzz {

inline std::string_view bytes(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

/// Reads every byte, so that a view to memory that is gone is seen.
inline void touch(std::string_view text) {
    std::uint8_t sum = 0;
    for (const char c : text) sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(c));
    [[maybe_unused]] static volatile std::uint8_t sink;
    sink = sum;
}

/// Ends the run where what must hold does not.
inline void require(bool holds) {
    if (!holds) __builtin_trap();
}

/// Says everything that outputs would say, and checks what they lean on.
inline void touch(const Trace& trace) {
    std::uint64_t last = 0;
    for (const Event& event : trace.events) {
        require(event.time_ns >= last && event.witness < trace.info.witnesses.size());
        last = event.time_ns;
        touch(sentence(event));
        for (const Field& field : fields(event)) touch(field.name);
    }
}

}  // namespace tcpwitness::fuzz
