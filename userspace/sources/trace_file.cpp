#include "sources/trace_file.h"

#include "parsers/packet_text.h"
#include "parsers/sip_log.h"
#include "parsers/trace_decoder.h"
#include "parsers/windows_text.h"

namespace tcpwitness {

namespace {

Result<Trace> decode(SourceFile& file, const ReadOptions& options) {
    switch (file.source->kind) {
        case SourceKind::trace: return decode_trace(*file.bytes);
        case SourceKind::windows_text: return decode_windows_text(*file.bytes, {options.zone, options.own_addresses});
        case SourceKind::packet_text: return decode_packet_text(*file.bytes, {options.zone, options.own_addresses});
        case SourceKind::sip_log: return decode_sip_log(*file.bytes, options.zone);
        case SourceKind::capture: break;
    }
    return Error{"a capture, which tells no events of its own"};
}

}  // namespace

Result<Trace> read_trace(SourceFile& file, const ReadOptions& options) {
    auto trace = decode(file, options);
    if (!trace) return trace.context(file.name);
    return trace;
}

Result<Trace> read_trace(const std::string& path, const ReadOptions& options) {
    auto file = open_source(path);
    if (!file) return file.error();
    return read_trace(*file, options);
}

}  // namespace tcpwitness
