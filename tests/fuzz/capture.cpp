// A capture, read and analysed to its end.
#include "capture/read_capture.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tcpwitness;
    CaptureOptions options;
    options.max_events_per_connection = 20;
    options.max_live = 8;  // so that inputs of some kilobytes reach the limits
    options.max_listed = 12;
    options.keep_packets = 30;
    ViewSource source(fuzz::bytes(data, size)), again(fuzz::bytes(data, size)), more(fuzz::bytes(data, size)), more_again(fuzz::bytes(data, size));
    CaptureFiles copies[] = {{{"one", &source}}, {{"one", &again}}};
    if (size % 2) copies[0].push_back({"two", &more}), copies[1].push_back({"two", &more_again});  // as parts of one
    const auto capture = read_capture(copies, options);
    if (!capture) return 0;
    fuzz::require(capture->connections.size() <= options.max_listed && capture->tcp_packets <= capture->packets);
    for (const Connection& connection : capture->connections) {
        fuzz::require(connection.wire != nullptr && connection.witness < capture->info.witnesses.size());
        for (const Event& event : connection.events) fuzz::touch(sentence(event));
    }
    for (const Event& event : capture->unmatched) fuzz::touch(sentence(event));
    return 0;
}
