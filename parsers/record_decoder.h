#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "model/event.h"
#include "parsers/trace_context.h"

namespace tcpwitness {

/// Turns raw records (bpf/records.h) into events, live or from a trace. Checks every length before it reads.
class RecordDecoder {
public:
    explicit RecordDecoder(TraceContext& context) : context_(context) {}

    /// Appends what the record says to `out`: one event; two for a finished call (enter and exit, each at its own time, so `out` is not in
    /// time order); none for metadata, which goes to the context, for packets that are not TCP, and for kinds of a newer ABI, which are
    /// counted. The events have no id yet. The error says what is wrong with the record.
    Status decode(const void* data, std::size_t size, std::vector<Event>& out);

private:
    TraceContext& context_;
};

}  // namespace tcpwitness
