#include <catch2/catch.hpp>

#include "environment/xdp_counters.h"

using namespace tcpwitness;

TEST_CASE("statistics that count packets which XDP programs took, by the names that drivers give them") {
    for (const char* name : {"rx_queue_0_xdp_drops", "rx_xdp_drop", "queue_3_rx_xdp_aborted", "rx_queue_1_xdp_redirect", "xdp_tx", "rx0_xdp_drops"}) CHECK(counts_xdp_takes(name));
    for (const char* name : {"rx_queue_0_xdp_packets", "rx_xdp_pass", "rx_queue_0_drops", "tx_packets", "xdp_bytes", "drop_xdp", ""}) CHECK_FALSE(counts_xdp_takes(name));
}

TEST_CASE("a device whose driver counts nothing of XDP") { CHECK_FALSE(xdp_takes("lo")); }
