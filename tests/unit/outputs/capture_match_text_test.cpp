#include <catch2/catch.hpp>

#include <memory>

#include "outputs/capture_match_text.h"
#include "outputs/outputs.h"
#include "stories.h"

using namespace tcpwitness;

namespace {

CaptureMatch differing() {
    CaptureMatch match;
    match.packets = 4;
    match.missing = {{OnWire::reset_received, 1, 17}, {OnWire::sent_again, 2, 12}};
    match.without_socket = 7;
    match.frames = {3, 4, 5, 6, 9};
    return match;
}

std::string printed(const char* format) {
    Case made = forged_reset();
    made.story.connection(made.findings.front().connections.front())->capture_match = std::make_shared<const CaptureMatch>(differing());
    StringSink sink;
    OutputOptions options;
    options.width = 200;
    find_output(format)->write(made.story, made.judged(), options, sink);
    return sink.text();
}

}  // namespace

TEST_CASE("What a capture and a trace do not have in common is told in one sentence") {
    CaptureMatch match = differing();
    CHECK(capture_match_text(match) == "the capture lacks the packets of 3 socket events: RST received, sent again (2 times); "
                                       "7 packets without a socket in the trace: frames 3, 4, 5, 6, 9 and 2 more");
    match.missing.clear();
    match.without_socket = 1;
    match.frames = {8};
    CHECK(capture_match_text(match) == "1 packet without a socket in the trace: frame 8");
    match = {};
    match.missing = {{OnWire::syn_sent, 1, 3}};
    CHECK(capture_match_text(match) == "the capture holds none of its packets; there must have been some for 1 socket event: SYN sent");
}

TEST_CASE("Text and JSON say of a connection what its trace and its capture do not have in common") {
    CHECK(printed("text").find("the capture lacks the packets of 3 socket events: RST received, sent again (2 times); 7 packets") != std::string::npos);
    const std::string json = printed("json");
    CHECK(json.find(R"("capture":{"packets":4,"packets_without_socket":7,"frames_without_socket":[3,4,5,6,9],"socket_events_without_packet":3,)"
                    R"("without_packet":[{"what":"RST received","count":1,"event":17},{"what":"sent again","count":2,"event":12}]})") != std::string::npos);
}
