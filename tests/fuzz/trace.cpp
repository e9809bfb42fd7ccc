// A trace of ours, and what correlation makes of its events.
#include "correlate/correlator.h"
#include "input.h"
#include "parsers/trace_decoder.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tcpwitness;
    ViewSource source(fuzz::bytes(data, size));
    auto trace = decode_trace(source);
    if (!trace) return 0;
    fuzz::touch(*trace);
    const Story story = correlate(std::move(trace->info), std::move(trace->events));
    for (const Connection& connection : story.connections)
        for (const Event& event : connection.events) fuzz::touch(sentence(event));
    return 0;
}
