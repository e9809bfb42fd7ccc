#include "parsers/windows_text.h"

#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "parsers/text_trace.h"
#include "parsers/windows_decoder.h"
#include "parsers/windows_values.h"

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

namespace {

/// A text that somebody pasted together: excerpts in any order, rows that stand in two of them, prose between. Larger files are what a tool wrote.
constexpr std::size_t pasted_bytes = 8u << 20;

/// A line of a trace with what belongs to it (pktmon breaks a packet in two or three).
struct Row {
    windows::Line line;
    std::string_view text;
    std::vector<std::string_view> more;

    auto when() const { return std::tuple(line.offset_ns ? *line.offset_ns : line.local_ns, line.frame); }
};

/// Puts the rows of excerpts in order and leaves one of each; returns how many were there twice.
std::uint64_t put_in_order(std::vector<Row>& rows) {
    const bool all_offsets = std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.line.offset_ns.has_value(); });
    const bool no_offsets = std::none_of(rows.begin(), rows.end(), [](const Row& row) { return row.line.offset_ns.has_value(); });
    std::set<std::tuple<std::uint64_t, std::uint64_t, std::string_view>> seen;
    std::uint64_t twice = 0;
    std::erase_if(rows, [&](const Row& row) {
        if (!row.line.frame) return false;
        // The columns' blanks differ from one excerpt to the next, what the row says does not.
        const bool again = !seen.emplace(row.line.frame, std::get<0>(row.when()), windows::trim_blanks(row.line.body)).second;
        twice += again;
        return again;
    });
    if (all_offsets || no_offsets) std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.when() < b.when(); });
    return twice;
}

}  // namespace

Result<Trace> decode_windows_text(ByteSource& source, const WindowsTextOptions& options) {
    TextLines lines(source);
    windows::Decoder decoder(options.zone, options.own_addresses);
    std::deque<std::string> kept;
    std::vector<Row> rows;
    std::size_t bytes = 0;
    bool pasted = options.pasted;
    const auto flush = [&] {
        for (const Row& row : rows) {
            if (!decoder.take(row.text)) return false;
            for (const std::string_view more : row.more)
                if (!decoder.take(more)) return false;
        }
        return true;
    };
    const auto stopped = take_lines(lines, [&](std::string_view line) {
        if (!pasted) return decoder.take(line);
        bytes += line.size();
        const std::string& text = kept.emplace_back(line);
        if (const windows::Line parsed = windows::parse_line(text); parsed.provider != windows::Provider::none)
            rows.push_back({parsed, text, {}});
        else if (rows.empty())
            rows.push_back({{}, text, {}});
        else
            rows.back().more.push_back(text);
        if (bytes <= pasted_bytes) return true;
        pasted = false;  // too long to hold: as it comes
        const bool room = flush();
        rows.clear();
        kept.clear();
        return room;
    });
    if (!stopped) return stopped.error();
    std::uint64_t twice = 0;
    if (pasted) {
        twice = put_in_order(rows);
        (void)flush();
    }
    if (!decoder.any()) return Error{"no line in it is of a Windows trace (Network Monitor, netsh trace convert, pktmon etl2txt)"};
    Trace trace = decoder.finish();
    trace.info.meta["encoding"] = name(lines.encoding());
    if (twice) trace.info.meta["text.repeated_rows"] = std::to_string(twice);
    end_text(trace.info, *stopped ? fmt::format("it holds more than {} events; what comes from line {} on is left out", windows::Decoder::max_events, *stopped) : "", source);
    return trace;
}

}  // namespace tcpwitness
