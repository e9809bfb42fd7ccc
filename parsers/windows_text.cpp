#include "parsers/windows_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "parsers/text_trace.h"
#include "parsers/windows_decoder.h"

namespace tcpwitness {

bool is_windows_text(std::string_view beginning) {
    // pktmon and netsh put the trace's own header before the first event; Network Monitor its columns' titles.
    constexpr std::size_t most_lines = 200;
    std::size_t looked_at = 0;
    for (const std::string_view line : split(beginning, '\n')) {
        if (++looked_at > most_lines) break;
        const windows::Line parsed = windows::parse_line(line);
        if (parsed.provider != windows::Provider::none) return true;
    }
    return false;
}

Result<Trace> decode_windows_text(ByteSource& source, const WindowsTextOptions& options) {
    TextLines lines(source);
    windows::Decoder decoder(options.zone);
    const auto stopped = take_lines(lines, [&](std::string_view line) { return decoder.take(line); });
    if (!stopped) return stopped.error();
    if (!decoder.any()) return Error{"no line in it is of a Windows trace (Network Monitor, netsh trace convert, pktmon etl2txt)"};
    Trace trace = decoder.finish();
    trace.info.meta["encoding"] = name(lines.encoding());
    end_text(trace.info, *stopped ? fmt::format("it holds more than {} events; what comes from line {} on is left out", windows::Decoder::max_events, *stopped) : "", source);
    return trace;
}

}  // namespace tcpwitness
