#include "sources/trace_file.h"

#include <utility>

#include <fmt/format.h>

#include "parsers/packet_text.h"
#include "parsers/pasted_text.h"
#include "parsers/sip_log.h"
#include "parsers/text_lines.h"
#include "parsers/trace_decoder.h"
#include "parsers/view_source.h"
#include "parsers/windows_text.h"
#include "sources/peek_source.h"

namespace tcpwitness {

namespace {

constexpr std::size_t pasted_bytes = 8u << 20;

Result<std::vector<Trace>> as_list(Result<Trace> trace) {
    if (!trace) return trace.error();
    std::vector<Trace> one;
    one.push_back(std::move(*trace));
    return one;
}

/// One trace, but for a text that holds the rows of several packet lists.
Result<std::vector<Trace>> decode(SourceKind kind, ByteSource& bytes, const ReadOptions& options, bool pasted = true) {
    switch (kind) {
        case SourceKind::trace: return as_list(decode_trace(bytes));
        case SourceKind::windows_text: return as_list(decode_windows_text(bytes, {options.zone, options.own_addresses, pasted}));
        case SourceKind::packet_text: return decode_packet_text(bytes, {options.zone, options.own_addresses});
        case SourceKind::sip_log: return as_list(decode_sip_log(bytes, options.zone));
        case SourceKind::capture: break;
    }
    return Error{"a capture, which tells no events of its own"};
}

}  // namespace

Result<Trace> read_trace(SourceFile& file, const ReadOptions& options) {
    auto traces = decode(file.source->kind, *file.bytes, options);
    if (!traces) return traces.context(file.name);
    return std::move(traces->front());
}

Result<Trace> read_trace(const std::string& path, const ReadOptions& options) {
    auto file = open_source(path);
    if (!file) return file.error();
    return read_trace(*file, options);
}

Result<std::vector<ReadTrace>> read_traces(SourceFile& file, const ReadOptions& options) {
    std::vector<ReadTrace> all;
    const SourceKind main = file.source->kind;
    PeekSource bytes(std::move(file.bytes));
    const auto whole = main == SourceKind::trace ? Result<std::string_view>(std::string_view{}) : bytes.peek(pasted_bytes);
    if (!whole) return whole.context(file.name);
    const bool pasted = main != SourceKind::trace && whole->size() < pasted_bytes;
    if (!pasted) {
        auto traces = decode(main, bytes, options, false);
        if (!traces) return traces.context(file.name);
        for (Trace& trace : *traces) all.push_back({main, std::move(trace)});
        return all;
    }
    std::string plain = to_utf8(*whole);
    const bool marked_up = is_marked_up(plain);
    if (marked_up) plain = without_markup(plain);
    std::optional<Error> problem;
    for (const SourceKind kind : {SourceKind::windows_text, SourceKind::packet_text, SourceKind::sip_log}) {
        ViewSource view(marked_up ? std::string_view(plain) : *whole);
        auto traces = decode(kind, view, options);
        if (!traces && kind == main) problem = traces.error();
        if (!traces) continue;
        for (Trace& trace : *traces)
            if (kind == main || !trace.events.empty()) all.push_back({kind, std::move(trace)});
    }
    if (problem) return Error{fmt::format("{}: {}", file.name, problem->message)};
    for (ReadTrace& one : all)
        if (const std::string note = bytes.cut_note(); !note.empty()) one.trace.info.cut_note = note, one.trace.info.cut_off = true;
    return all;
}

}  // namespace tcpwitness
