// What every trace that is read from text has in common.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/trace.h"
#include "parsers/byte_source.h"
#include "parsers/text_lines.h"

namespace tcpwitness {

/// Hands line after line to `take`, which returns false when there is no room for more. Returns the number of the line that this was; 0: all were taken.
template <typename Take> Result<std::uint64_t> take_lines(TextLines& lines, Take take) {
    std::string_view line;
    while (true) {
        const auto more = lines.next(line);
        if (!more) return more.error();
        if (!*more) return std::uint64_t{0};
        if (!take(line)) return lines.number();
    }
}

/// One witness of its own, named like the host; `tool` is also the trace's `source`.
void describe_text(TraceInfo&, const char* tool, const char* host);

/// How the text ends: `left_out` says what there was no room for, else what the bytes tell.
void end_text(TraceInfo&, const std::string& left_out, const ByteSource&);

}  // namespace tcpwitness
