#include <catch2/catch.hpp>

#include "correlate/reset_inference.h"

using namespace tcpwitness;

namespace {

ResetSent own_reset() {
    ResetSent reset;
    reset.has_socket = true;
    return reset;
}

std::string inferred(ResetSent reset, std::uint32_t signs = 0) {
    Connection c;
    c.signs = signs;
    infer_reason(reset, &c);
    CHECK(reset.inferred == !reset.reason.empty());
    return reset.reason;
}

}  // namespace

TEST_CASE("a reset of the socket's own accord is inferred from what was left") {
    ResetSent reset = own_reset();
    CHECK(inferred(reset) == "TCP_ABORT_ON_LINGER");
    reset.tcp.rcv_nxt = 1012;
    reset.tcp.copied_seq = 1000;
    CHECK(inferred(reset) == "TCP_ABORT_ON_CLOSE");
    reset.tcp.rcv_nxt = 1001;  // only the FIN is unread
    CHECK(inferred(reset, sign::fin_in) == "TCP_ABORT_ON_LINGER");
    CHECK(inferred(reset) == "TCP_ABORT_ON_CLOSE");
}

TEST_CASE("keepalive gave up: probes unanswered on a socket that the application has open and that waits for nothing") {
    ResetSent reset = own_reset();
    reset.tcp.probes_out = 9;
    CHECK(inferred(reset) == "TCP_KEEPALIVE_TIMEOUT");
    reset.tcp.closed_by_application = true;
    CHECK(inferred(reset) == "TCP_ABORT_ON_LINGER");
}

TEST_CASE("an answer to a segment is inferred from who was there to take it") {
    ResetSent reset;
    reset.answers_segment = true;
    CHECK(inferred(reset) == "NO_SOCKET");
    reset.has_socket = true;
    CHECK(inferred(reset) == "");  // the kernel disliked the segment, and does not say how
    CHECK(inferred(reset, sign::local_closed) == "TCP_ABORT_ON_DATA");
    reset.tcp.closed_by_application = true;
    CHECK(inferred(reset) == "TCP_ABORT_ON_DATA");
}

TEST_CASE("what the kernel tells stays, and a packet filter has no such reason") {
    Connection c;
    ResetSent told = own_reset();
    told.reason = "TCP_STATE";
    infer_reason(told, &c);
    CHECK(told.reason == "TCP_STATE");
    CHECK_FALSE(told.inferred);
    told.reason = "NOT_SPECIFIED";
    infer_reason(told, &c);
    CHECK(told.reason == "TCP_ABORT_ON_LINGER");
    CHECK(told.inferred);
    ResetSent rejected;
    rejected.answers_segment = true;
    rejected.firewall_hook = 1;
    infer_reason(rejected, nullptr);
    CHECK(rejected.reason.empty());
}
