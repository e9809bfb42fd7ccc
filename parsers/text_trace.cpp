#include "parsers/text_trace.h"

#include <utility>

namespace tcpwitness {

void describe_text(TraceInfo& info, const char* tool, const char* host) {
    info.tool = info.meta["source"] = tool;
    info.host = host;
    Witness witness;
    witness.host = witness.name = info.host;
    info.witnesses.push_back(std::move(witness));
}

void end_text(TraceInfo& info, const std::string& left_out, const ByteSource& source) {
    info.cut_note = left_out.empty() ? source.cut_note() : left_out;
    info.cut_off = !info.cut_note.empty();
}

}  // namespace tcpwitness
