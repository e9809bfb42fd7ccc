#include <catch2/catch.hpp>

#include "live/drop_reasons.h"

using namespace tcpwitness;

namespace {

bool harmless(const std::map<std::uint32_t, std::string>& reasons, std::uint32_t number) {
    return harmless_drops(reasons)[number / 64] >> (number % 64) & 1;
}

}  // namespace

TEST_CASE("reasons are chosen by name, whatever their numbers") {
    const std::map<std::uint32_t, std::string> old = {{0, "SKB_NOT_DROPPED_YET"}, {1, "SKB_DROP_REASON_NOT_SPECIFIED"}, {7, "SKB_DROP_REASON_NETFILTER_DROP"},
                                                      {30, "SKB_DROP_REASON_TCP_OLD_ACK"}};
    const std::map<std::uint32_t, std::string> recent = {{1, "SKB_CONSUMED"}, {12, "SKB_DROP_REASON_NETFILTER_DROP"}, {49, "SKB_DROP_REASON_TCP_OLD_ACK"},
                                                         {66, "SKB_DROP_REASON_QUEUE_PURGE"}, {131073, "OVS_DROP_LAST_ACTION"}};
    CHECK(harmless(old, 0));
    CHECK(harmless(old, 1));
    CHECK(harmless(old, 30));
    CHECK_FALSE(harmless(old, 7));
    CHECK_FALSE(harmless(old, 49));
    CHECK(harmless(recent, 1));
    CHECK(harmless(recent, 49));
    CHECK(harmless(recent, 66));
    CHECK_FALSE(harmless(recent, 12));
    CHECK(drop_reason_number(old, "NETFILTER_DROP") == 7);
    CHECK(drop_reason_number(recent, "NETFILTER_DROP") == 12);
    CHECK(drop_reason_number(recent, "IP_OUTNOROUTES") == UINT32_MAX);
}

TEST_CASE("what takes packets away from a connection is never harmless") {
    std::uint32_t number = 10;
    std::map<std::uint32_t, std::string> reasons;
    for (const char* name : {"NETFILTER_DROP", "IP_RPFILTER", "IP_OUTNOROUTES", "NEIGH_FAILED", "QDISC_DROP", "SOCKET_RCVBUFF", "SOCKET_BACKLOG", "TCP_LISTEN_OVERFLOW",
                             "PKT_TOO_BIG", "NOMEM", "PROTO_MEM", "TC_INGRESS", "XDP", "CPU_BACKLOG", "TCP_RFC7323_PAWS", "A_REASON_OF_TOMORROW"})
        reasons.emplace(number++, std::string("SKB_DROP_REASON_") + name);
    for (const auto& [reason, name] : reasons) {
        INFO(name);
        CHECK_FALSE(harmless(reasons, reason));
    }
}
