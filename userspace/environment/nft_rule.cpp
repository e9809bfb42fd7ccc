#include "environment/nft_rule.h"

#include <netinet/in.h>  // before the kernel's own, which then leave out what it has

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include <algorithm>

#include <fmt/format.h>

#include "model/address.h"

namespace tcpwitness {

namespace {

constexpr std::size_t most_elements = 64;

std::string bits_text(std::uint64_t bits, std::initializer_list<std::pair<std::uint64_t, const char*>> names) {
    std::string text;
    for (const auto& [bit, name] : names)
        if (bits & bit) text += fmt::format("{}{}", text.empty() ? "" : "|", name);
    return text.empty() ? std::to_string(bits) : text;
}

std::string protocol_name(std::uint64_t number) {
    switch (number) {
        case IPPROTO_TCP: return "tcp";
        case IPPROTO_UDP: return "udp";
        case IPPROTO_ICMP: return "icmp";
        case IPPROTO_ICMPV6: return "icmpv6";
        case IPPROTO_SCTP: return "sctp";
        default: return std::to_string(number);
    }
}

std::uint64_t big_endian(std::string_view bytes) { return Attribute{0, bytes}.big_endian(); }

std::uint64_t host_order(std::string_view bytes) {
    if (bytes.size() == 4) return Attribute{0, bytes}.number<std::uint32_t>();
    if (bytes.size() == 2) return Attribute{0, bytes}.number<std::uint16_t>();
    return Attribute{0, bytes}.number<std::uint64_t>();
}

bool all_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

/// The length of a mask that is a prefix; nothing for others, and for one that leaves everything.
std::string prefix_text(std::string_view mask) {
    unsigned bits = 0;
    for (const char byte : mask) bits += static_cast<unsigned>(__builtin_popcount(static_cast<unsigned char>(byte)));
    return bits == mask.size() * 8 || mask.empty() ? "" : fmt::format("/{}", bits);
}

}  // namespace

std::string nft_verdict(const Attributes& verdict) {
    const auto code = static_cast<std::int32_t>(verdict.big_endian(NFTA_VERDICT_CODE));
    switch (code) {
        case NF_DROP: return "drop";
        case NF_ACCEPT: return "accept";
        case NF_QUEUE: return "queue";
        case NFT_CONTINUE: return "continue";
        case NFT_RETURN: return "return";
        case NFT_JUMP: return "jump " + verdict.text(NFTA_VERDICT_CHAIN);
        case NFT_GOTO: return "goto " + verdict.text(NFTA_VERDICT_CHAIN);
        default: return fmt::format("verdict {}", code);
    }
}

std::string NftRule::value_text(const Value& value, std::string_view bytes) {
    switch (value.type) {
        case Value::Type::address:
            if (bytes.size() < value.width) {  // compared by its first bytes
                const std::string whole = std::string(bytes) + std::string(value.width - bytes.size(), '\0');
                return fmt::format("{}/{}", value_text(value, whole), bytes.size() * 8);
            }
            if (bytes.size() == 4) return Address::ipv4(reinterpret_cast<const std::uint8_t*>(bytes.data())).text();
            if (bytes.size() == 16) return Address::ipv6(reinterpret_cast<const std::uint8_t*>(bytes.data())).text();
            break;
        case Value::Type::protocol: return protocol_name(big_endian(bytes));
        case Value::Type::family: return big_endian(bytes) == NFPROTO_IPV4 ? "ipv4" : big_endian(bytes) == NFPROTO_IPV6 ? "ipv6" : std::to_string(big_endian(bytes));
        case Value::Type::text: return fmt::format("\"{}\"", bytes.substr(0, bytes.find('\0')));
        case Value::Type::flags:
            return bits_text(big_endian(bytes), {{1, "fin"}, {2, "syn"}, {4, "rst"}, {8, "psh"}, {16, "ack"}, {32, "urg"}, {64, "ecn"}, {128, "cwr"}});
        case Value::Type::state:
            return bits_text(host_order(bytes), {{1, "invalid"}, {2, "established"}, {4, "related"}, {8, "new"}, {64, "untracked"}});
        case Value::Type::host_number: return std::to_string(host_order(bytes));
        case Value::Type::presence: return all_zero(bytes) ? "missing" : "exists";
        case Value::Type::number: break;
    }
    return bytes.size() <= 8 ? std::to_string(big_endian(bytes)) : fmt::format("({} bytes)", bytes.size());
}

void NftRule::load(std::uint64_t number, const std::string& field) {
    at(number) = {};
    at(number).field = field;
}

void NftRule::load_payload(const Attributes& expression) {
    struct Known {
        std::uint64_t base, offset, length;
        const char* field;
        Value::Type type;
    };
    static constexpr Known fields[] = {
        {NFT_PAYLOAD_NETWORK_HEADER, 9, 1, "ip protocol", Value::Type::protocol}, {NFT_PAYLOAD_NETWORK_HEADER, 12, 4, "ip saddr", Value::Type::address},
        {NFT_PAYLOAD_NETWORK_HEADER, 16, 4, "ip daddr", Value::Type::address},    {NFT_PAYLOAD_NETWORK_HEADER, 8, 1, "ip ttl", Value::Type::number},
        {NFT_PAYLOAD_NETWORK_HEADER, 2, 2, "ip length", Value::Type::number},     {NFT_PAYLOAD_NETWORK_HEADER, 6, 1, "ip6 nexthdr", Value::Type::protocol},
        {NFT_PAYLOAD_NETWORK_HEADER, 8, 16, "ip6 saddr", Value::Type::address},   {NFT_PAYLOAD_NETWORK_HEADER, 24, 16, "ip6 daddr", Value::Type::address},
        {NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, "sport", Value::Type::number},       {NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, "dport", Value::Type::number},
        {NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1, "flags", Value::Type::flags},
    };
    const std::uint64_t base = expression.big_endian(NFTA_PAYLOAD_BASE), offset = expression.big_endian(NFTA_PAYLOAD_OFFSET);
    const std::uint64_t length = expression.big_endian(NFTA_PAYLOAD_LEN);
    if (!expression.find(NFTA_PAYLOAD_DREG)) return say("change the packet");
    Value value;
    value.field = fmt::format("bytes {}-{} of header {}", offset, offset + length, base);
    // An address that is compared by its first bytes is loaded so: a prefix.
    for (const Known& known : fields) {
        const bool part = known.type == Value::Type::address && base == known.base && offset == known.offset && length && length < known.length;
        if (base != known.base || offset != known.offset || (length != known.length && !part)) continue;
        value.field = base == NFT_PAYLOAD_TRANSPORT_HEADER ? fmt::format("{} {}", protocol_, known.field) : known.field;
        value.type = known.type;
        value.width = known.length;
        break;
    }
    at(expression.big_endian(NFTA_PAYLOAD_DREG)) = value;
}

void NftRule::load_meta(const Attributes& expression) {
    const std::uint64_t key = expression.big_endian(NFTA_META_KEY);
    if (expression.find(NFTA_META_SREG)) return say(key == NFT_META_MARK ? "set mark" : "set meta");
    Value value;
    switch (key) {
        case NFT_META_L4PROTO: value = {"meta l4proto", {}, {}, Value::Type::protocol, 0}; break;
        case NFT_META_NFPROTO: value = {"meta nfproto", {}, {}, Value::Type::family, 0}; break;
        case NFT_META_IIFNAME: value = {"iifname", {}, {}, Value::Type::text, 0}; break;
        case NFT_META_OIFNAME: value = {"oifname", {}, {}, Value::Type::text, 0}; break;
        case NFT_META_IIF: value = {"iif", {}, {}, Value::Type::host_number, 0}; break;
        case NFT_META_OIF: value = {"oif", {}, {}, Value::Type::host_number, 0}; break;
        case NFT_META_MARK: value = {"meta mark", {}, {}, Value::Type::host_number, 0}; break;
        case NFT_META_SKUID: value = {"meta skuid", {}, {}, Value::Type::host_number, 0}; break;
        case NFT_META_LEN: value = {"meta length", {}, {}, Value::Type::host_number, 0}; break;
        default: value.field = fmt::format("meta {}", key); break;
    }
    at(expression.big_endian(NFTA_META_DREG)) = value;
}

void NftRule::load_ct(const Attributes& expression) {
    const std::uint64_t key = expression.big_endian(NFTA_CT_KEY);
    if (expression.find(NFTA_CT_SREG)) return say("set ct");
    Value value;
    if (key == NFT_CT_STATE) value = {"ct state", {}, {}, Value::Type::state, 0};
    else if (key == NFT_CT_MARK) value = {"ct mark", {}, {}, Value::Type::host_number, 0};
    else value.field = fmt::format("ct {}", key);
    at(expression.big_endian(NFTA_CT_DREG)) = value;
}

/// An option of TCP or IPv4, or an extension header of IPv6: that it is there, or bytes of it.
void NftRule::load_header_option(const Attributes& expression) {
    const auto to = expression.find(NFTA_EXTHDR_DREG);
    if (!to) return say("change a header option");
    const std::uint64_t number = expression.big_endian(NFTA_EXTHDR_TYPE), offset = expression.big_endian(NFTA_EXTHDR_OFFSET);
    const std::uint64_t length = expression.big_endian(NFTA_EXTHDR_LEN);
    Value value;
    switch (expression.big_endian(NFTA_EXTHDR_OP)) {
        case NFT_EXTHDR_OP_IPV6: value.field = fmt::format("exthdr {}", number); break;
        case NFT_EXTHDR_OP_TCPOPT: value.field = fmt::format("tcp option {}", number); break;
        case NFT_EXTHDR_OP_IPV4: value.field = fmt::format("ip option {}", number); break;
        default: value.field = fmt::format("header option {}", number); break;
    }
    if (expression.big_endian(NFTA_EXTHDR_FLAGS) & NFT_EXTHDR_F_PRESENT) value.type = Value::Type::presence;
    else value.field += fmt::format(" bytes {}-{}", offset, offset + length);
    at(to->big_endian()) = value;
}

void NftRule::compare(const Attributes& expression) {
    const Value& value = at(expression.big_endian(NFTA_CMP_SREG));
    const auto data = expression.nested(NFTA_CMP_DATA).find(NFTA_DATA_VALUE);
    const std::string_view bytes = data ? data->data : std::string_view{};
    const std::uint64_t operation = expression.big_endian(NFTA_CMP_OP);
    if (value.type == Value::Type::presence) return say(fmt::format("{} {}", value.field, all_zero(bytes) == (operation == NFT_CMP_EQ) ? "missing" : "exists"));
    const std::string wanted = value_text(value, bytes);
    if (value.field == "meta l4proto" && operation == NFT_CMP_EQ) protocol_ = wanted;
    if (!value.mask.empty() && value.type == Value::Type::address) {
        say(fmt::format("{} {}{}{}", value.field, operation == NFT_CMP_EQ ? "" : "!= ", wanted, prefix_text(value.mask)));
    } else if (!value.mask.empty()) {
        const std::string mask = value_text(value, value.mask);
        if (all_zero(bytes)) say(fmt::format("{} {}{}", value.field, operation == NFT_CMP_EQ ? "!= " : "", mask));
        else say(fmt::format("{} & ({}) {} {}", value.field, mask, operation == NFT_CMP_EQ ? "==" : "!=", wanted));
    } else {
        static constexpr const char* operations[] = {"", "!= ", "< ", "<= ", "> ", ">= "};
        say(fmt::format("{} {}{}", value.field, operation < std::size(operations) ? operations[operation] : "? ", wanted));
    }
}

void NftRule::look_up(const Attributes& expression) {
    const Value& value = at(expression.big_endian(NFTA_LOOKUP_SREG));
    const std::string set = expression.text(NFTA_LOOKUP_SET);
    std::string text = fmt::format("{} {}", value.field, expression.big_endian(NFTA_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV ? "!= " : "");
    if (!set.starts_with("__")) {
        const bool is_map = expression.find(NFTA_LOOKUP_DREG).has_value();
        return say(text + (is_map ? "map @" : "@") + set);
    }
    const auto elements = elements_(set);
    std::string list;
    for (std::size_t i = 0; i < elements.size() && i < most_elements; ++i) {
        const NftElement& one = elements[i];
        list += (i ? ", " : "") + value_text(value, one.first);
        if (!one.last.empty() && one.last != one.first) list += "-" + value_text(value, one.last);
        if (!one.verdict.empty()) list += " : " + one.verdict;
    }
    if (elements.size() > most_elements) list += ", ...";
    say(text + "{ " + list + " }");
}

void NftRule::reject(const Attributes& expression) {
    say(expression.big_endian(NFTA_REJECT_TYPE) == NFT_REJECT_TCP_RST ? "reject with tcp reset" : "reject");
}

void NftRule::translate(const Attributes& expression) {
    std::string text = expression.big_endian(NFTA_NAT_TYPE) == NFT_NAT_SNAT ? "snat" : "dnat";
    if (const auto address = expression.find(NFTA_NAT_REG_ADDR_MIN))
        if (const std::string& bytes = at(address->big_endian()).constant; !bytes.empty()) text += " to " + value_text({{}, {}, {}, Value::Type::address, 0}, bytes);
    if (const auto port = expression.find(NFTA_NAT_REG_PROTO_MIN))
        if (const std::string& bytes = at(port->big_endian()).constant; !bytes.empty()) text += fmt::format(" port {}", big_endian(std::string_view(bytes).substr(0, 2)));
    say(text);
}

/// A match or target of iptables, carried by nftables.
void NftRule::compatible(const Attributes& expression, bool is_target) {
    constexpr std::uint16_t name_attribute = NFTA_TARGET_NAME, info_attribute = NFTA_TARGET_INFO;  // the same for matches
    static_assert(int{NFTA_MATCH_NAME} == name_attribute && int{NFTA_MATCH_INFO} == info_attribute);
    const std::string name = expression.text(name_attribute);
    const auto info = expression.find(info_attribute);
    constexpr std::uint32_t tcp_reset = 7, tcp_reset_ipv6 = 6;
    if (is_target && name == "REJECT" && info) {
        const auto with = info->number<std::uint32_t>();
        return say(with == tcp_reset || with == tcp_reset_ipv6 ? "reject with tcp reset" : "reject");
    }
    if (!is_target && name == "tcp" && info && info->data.size() >= 12) {
        std::uint16_t ports[4];
        std::memcpy(ports, info->data.data(), sizeof ports);
        const auto inverted = static_cast<std::uint8_t>(info->data[11]);
        for (const int side : {0, 1}) {
            const std::uint16_t from = ports[side * 2], to = ports[side * 2 + 1];
            if (from == 0 && to == 65535) continue;
            say(fmt::format("tcp {} {}{}{}", side ? "dport" : "sport", inverted & (1 << side) ? "!= " : "", from, from == to ? "" : fmt::format("-{}", to)));
        }
        return;
    }
    if (!is_target && name == "connlimit" && info && info->data.size() >= 24) {  // struct xt_connlimit_info: a mask of 16 bytes, the limit, flags
        const auto limit = Attribute{0, info->data.substr(16)}.number<std::uint32_t>(), flags = Attribute{0, info->data.substr(20)}.number<std::uint32_t>();
        constexpr std::uint32_t up_to = 1;
        return say(fmt::format("match connlimit {} {}", flags & up_to ? "up to" : "above", limit));
    }
    say(is_target ? name : "match " + name);
}

void NftRule::take(const std::string& name, const Attributes& data) {
    if (name == "payload") load_payload(data);
    else if (name == "meta") load_meta(data);
    else if (name == "ct") load_ct(data);
    else if (name == "cmp") compare(data);
    else if (name == "lookup") look_up(data);
    else if (name == "reject") reject(data);
    else if (name == "nat") translate(data);
    else if (name == "match" || name == "target") compatible(data, name == "target");
    else if (name == "bitwise") {
        Value value = at(data.big_endian(NFTA_BITWISE_SREG));
        if (const auto mask = data.nested(NFTA_BITWISE_MASK).find(NFTA_DATA_VALUE)) value.mask = std::string(mask->data);
        at(data.big_endian(NFTA_BITWISE_DREG)) = value;
    } else if (name == "byteorder") {
        const Value value = at(data.big_endian(NFTA_BYTEORDER_SREG));
        at(data.big_endian(NFTA_BYTEORDER_DREG)) = value;
    } else if (name == "range") {
        const Value& value = at(data.big_endian(NFTA_RANGE_SREG));
        const auto from = data.nested(NFTA_RANGE_FROM_DATA).find(NFTA_DATA_VALUE), to = data.nested(NFTA_RANGE_TO_DATA).find(NFTA_DATA_VALUE);
        say(fmt::format("{} {}{}-{}", value.field, data.big_endian(NFTA_RANGE_OP) == NFT_RANGE_EQ ? "" : "!= ", value_text(value, from ? from->data : ""),
                        value_text(value, to ? to->data : "")));
    } else if (name == "immediate") {
        const Attributes value = data.nested(NFTA_IMMEDIATE_DATA);
        if (const auto verdict = value.find(NFTA_DATA_VERDICT)) return say(nft_verdict(verdict->nested()));
        load(data.big_endian(NFTA_IMMEDIATE_DREG), "?");
        if (const auto bytes = value.find(NFTA_DATA_VALUE)) at(data.big_endian(NFTA_IMMEDIATE_DREG)).constant = std::string(bytes->data);
    } else if (name == "counter") {
        counts_ = true;
        packets_ = data.big_endian(NFTA_COUNTER_PACKETS);
    } else if (name == "limit") {
        say(fmt::format("limit rate {}{} per {} s", data.big_endian(NFTA_LIMIT_FLAGS) & NFT_LIMIT_F_INV ? "over " : "", data.big_endian(NFTA_LIMIT_RATE),
                        data.big_endian(NFTA_LIMIT_UNIT)));
    } else if (name == "connlimit") {
        say(fmt::format("ct count {}{}", data.big_endian(NFTA_CONNLIMIT_FLAGS) & NFT_CONNLIMIT_F_INV ? "over " : "", data.big_endian(NFTA_CONNLIMIT_COUNT)));
    } else if (name == "queue" && data.find(NFTA_QUEUE_NUM)) {
        say(fmt::format("queue to {}", data.big_endian(NFTA_QUEUE_NUM)));
    } else if (name == "redir") say("redirect");
    else if (name == "masq") say("masquerade");
    else if (name == "numgen" || name == "hash") load(data.big_endian(NFTA_NG_DREG), name == "numgen" ? "numgen" : "hash");
    else if (name == "socket") load(data.big_endian(NFTA_SOCKET_DREG), "socket");
    else if (name == "fib") load(data.big_endian(NFTA_FIB_DREG), "fib");
    else if (name == "rt") load(data.big_endian(NFTA_RT_DREG), "rt");
    else if (name == "exthdr") load_header_option(data);
    else say(name);  // log, tproxy, queue, synproxy, notrack, ...
}

std::string NftRule::text() const {
    std::string text;
    const auto said = [&](const std::string& first) {
        return std::any_of(words_.begin(), words_.end(), [&](const std::string& words) { return words.starts_with(first); });
    };
    for (const std::string& words : words_) {
        // goes without saying where "tcp dport" or "ip saddr" follows
        const bool implied = (words == "meta l4proto " + protocol_ && said(protocol_ + " ")) || (words == "meta nfproto ipv4" && said("ip ")) ||
                             (words == "meta nfproto ipv6" && said("ip6 "));
        if (!implied) text += (text.empty() ? "" : " ") + words;
    }
    return text;
}

}  // namespace tcpwitness
