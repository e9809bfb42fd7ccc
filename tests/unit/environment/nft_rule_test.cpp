#include "environment/nft_rule.h"

#include <linux/netfilter/nf_tables.h>

#include <catch2/catch.hpp>

using namespace tcpwitness;

namespace {

std::string be32(std::uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8), static_cast<char>(value)};
}

/// Attributes as the kernel sends them.
struct Made {
    std::string bytes;
    Made& number(std::uint16_t type, std::uint32_t value) { return data(type, be32(value)); }
    Made& data(std::uint16_t type, std::string_view value) {
        append_attribute(bytes, type, value);
        return *this;
    }
    Made& value(std::uint16_t type, std::string_view value) {
        std::string inner;
        append_attribute(inner, NFTA_DATA_VALUE, value);
        return data(type | 0x8000, inner);
    }
};

struct Rule {
    std::vector<NftElement> elements;
    NftRule rule{[this](const std::string&) { return elements; }};

    Rule& take(const char* name, const Made& made) {
        rule.take(name, Attributes(made.bytes));
        return *this;
    }
    Rule& payload(std::uint32_t base, std::uint32_t offset, std::uint32_t length) {
        return take("payload", Made().number(NFTA_PAYLOAD_DREG, 1).number(NFTA_PAYLOAD_BASE, base).number(NFTA_PAYLOAD_OFFSET, offset).number(NFTA_PAYLOAD_LEN, length));
    }
    Rule& compare(std::uint32_t operation, std::string_view bytes) {
        return take("cmp", Made().number(NFTA_CMP_SREG, 1).number(NFTA_CMP_OP, operation).value(NFTA_CMP_DATA, bytes));
    }
    Rule& tcp() {
        take("meta", Made().number(NFTA_META_DREG, 1).number(NFTA_META_KEY, NFT_META_L4PROTO));
        return compare(NFT_CMP_EQ, "\x06");
    }
    Rule& verdict(std::uint32_t code) {
        std::string inner, outer;
        append_attribute(inner, NFTA_VERDICT_CODE, be32(code));
        append_attribute(outer, NFTA_DATA_VERDICT, inner);
        return take("immediate", Made().number(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT).data(NFTA_IMMEDIATE_DATA, outer));
    }
};

}  // namespace

TEST_CASE("a rule on a port reads as people write it") {
    Rule one;
    one.tcp().payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2).compare(NFT_CMP_EQ, std::string_view("\x13\xc5", 2));
    one.take("counter", Made().data(NFTA_COUNTER_PACKETS, std::string_view("\0\0\0\0\0\0\0\x11", 8)));
    one.take("reject", Made().number(NFTA_REJECT_TYPE, NFT_REJECT_TCP_RST));
    CHECK(one.rule.text() == "tcp dport 5061 reject with tcp reset");
    CHECK(one.rule.counts());
    CHECK(one.rule.packets() == 17);
}

TEST_CASE("sets without a name are spelled out") {
    Rule one;
    one.elements = {{std::string("\0\x50", 2), "", ""}, {std::string("\x1f\x40", 2), std::string("\x1f\xa4", 2), ""}};
    one.tcp().payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2).take("lookup", Made().number(NFTA_LOOKUP_SREG, 1).data(NFTA_LOOKUP_SET, "__set0")).verdict(0);
    CHECK(one.rule.text() == "tcp dport { 80, 8000-8100 } drop");
    Rule named;
    named.payload(NFT_PAYLOAD_NETWORK_HEADER, 12, 4).take("lookup", Made().number(NFTA_LOOKUP_SREG, 1).data(NFTA_LOOKUP_SET, "bad")).verdict(0);
    CHECK(named.rule.text() == "ip saddr @bad drop");
}

TEST_CASE("addresses, prefixes, flags and states") {
    Rule prefix;
    prefix.payload(NFT_PAYLOAD_NETWORK_HEADER, 12, 2).compare(NFT_CMP_EQ, "\x0a\x01").verdict(0);
    CHECK(prefix.rule.text() == "ip saddr 10.1.0.0/16 drop");
    Rule flags;
    flags.tcp().payload(NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1);
    flags.take("bitwise", Made().number(NFTA_BITWISE_SREG, 1).number(NFTA_BITWISE_DREG, 1).value(NFTA_BITWISE_MASK, "\x12")).compare(NFT_CMP_EQ, "\x02").verdict(0);
    CHECK(flags.rule.text() == "tcp flags & (syn|ack) == syn drop");
    Rule state;
    state.take("ct", Made().number(NFTA_CT_DREG, 1).number(NFTA_CT_KEY, NFT_CT_STATE));
    state.take("bitwise", Made().number(NFTA_BITWISE_SREG, 1).number(NFTA_BITWISE_DREG, 1).value(NFTA_BITWISE_MASK, std::string_view("\x01\0\0\0", 4)));
    state.compare(NFT_CMP_NEQ, std::string_view("\0\0\0\0", 4)).verdict(0);
    CHECK(state.rule.text() == "ct state invalid drop");
}

TEST_CASE("options of a header: that one is there, that it is not, and what stands in it") {
    const auto option = [](std::uint32_t operation, char number, std::uint32_t flags) {
        return Made().number(NFTA_EXTHDR_DREG, 1).data(NFTA_EXTHDR_TYPE, std::string_view(&number, 1)).number(NFTA_EXTHDR_OFFSET, 2).number(NFTA_EXTHDR_LEN, 2)
            .number(NFTA_EXTHDR_FLAGS, flags).number(NFTA_EXTHDR_OP, operation);
    };
    const auto text = [&](const Made& loaded, std::uint32_t operation, std::string_view bytes) {
        Rule one;
        one.tcp().take("exthdr", loaded).compare(operation, bytes).verdict(0);
        return one.rule.text();
    };
    const Made mptcp = option(NFT_EXTHDR_OP_TCPOPT, 30, NFT_EXTHDR_F_PRESENT);
    CHECK(text(mptcp, NFT_CMP_EQ, "\x01") == "tcp option 30 exists drop");
    CHECK(text(mptcp, NFT_CMP_EQ, std::string_view("\0", 1)) == "tcp option 30 missing drop");
    CHECK(text(mptcp, NFT_CMP_NEQ, "\x01") == "tcp option 30 missing drop");
    CHECK(text(option(NFT_EXTHDR_OP_TCPOPT, 2, 0), NFT_CMP_LT, std::string_view("\x02\0", 2)) == "tcp option 2 bytes 2-4 < 512 drop");
    CHECK(text(option(NFT_EXTHDR_OP_IPV6, 43, NFT_EXTHDR_F_PRESENT), NFT_CMP_EQ, "\x01") == "meta l4proto tcp exthdr 43 exists drop");
}

TEST_CASE("expressions that are not known keep their name, and damaged ones break nothing") {
    Rule one;
    one.take("tproxy", Made()).take("quantum", Made()).take("cmp", Made()).take("payload", Made()).take("lookup", Made()).take("range", Made()).take("nat", Made());
    CHECK(one.rule.text().starts_with("tproxy quantum"));
    Rule cut;
    cut.take("immediate", Made{{"\x40\0\x02\0abc", 7}});
    CHECK(cut.rule.text().empty());
}

TEST_CASE("attribute lists end where a length makes no sense") {
    Made made;
    made.number(1, 7).number(2, 8);
    const auto count = [](std::string_view bytes) {
        std::size_t found = 0;
        for ([[maybe_unused]] const Attribute& each : Attributes(bytes)) ++found;
        return found;
    };
    CHECK(count(made.bytes) == 2);
    for (std::size_t size = 0; size < made.bytes.size(); ++size) CHECK(count(std::string_view(made.bytes).substr(0, size)) == size / 8);
    made.bytes[8] = '\xff';
    CHECK(count(made.bytes) == 1);
    made.bytes[8] = '\x03';
    CHECK(count(made.bytes) == 1);
}
