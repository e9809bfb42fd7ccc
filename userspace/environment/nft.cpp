#include "environment/nft.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "environment/netlink.h"
#include "environment/nft_rule.h"

namespace tcpwitness {

namespace {

constexpr std::size_t most_rules = 1000;

constexpr std::uint16_t message_type(int type) { return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type); }

std::string request(std::uint8_t family) {
    const nfgenmsg head{family, NFNETLINK_V0, 0};
    return std::string(bytes_of(head));
}

bool exists(const char* path) {
    struct stat status {};
    return stat(path, &status) == 0;
}

/// Asking a kernel without nftables would make it load the module. One that has no modules answers or refuses.
bool there_is_nftables() {
    static const bool built_in = [] {
        if (!exists("/proc/modules")) return true;
        std::ifstream symbols("/proc/kallsyms");
        for (std::string line; std::getline(symbols, line);)
            if (line.find(" nf_tables_newrule") != std::string::npos) return line.find('[') == std::string::npos;
        return false;
    }();
    return built_in || exists("/sys/module/nf_tables");
}

const char* family_name(std::uint8_t family) {
    switch (family) {
        case NFPROTO_INET: return "inet";
        case NFPROTO_IPV4: return "ip";
        case NFPROTO_IPV6: return "ip6";
        case NFPROTO_ARP: return "arp";
        case NFPROTO_NETDEV: return "netdev";
        case NFPROTO_BRIDGE: return "bridge";
        default: return "?";
    }
}

const char* hook_name(std::uint8_t family, std::uint64_t hook) {
    static constexpr const char* names[] = {"prerouting", "input", "forward", "output", "postrouting", "ingress"};
    if (family == NFPROTO_NETDEV) return hook == NF_NETDEV_INGRESS ? "ingress" : "egress";
    return hook < std::size(names) ? names[hook] : "?";
}

std::uint32_t read_generation(Netlink& netlink, Status& status) {
    std::uint32_t generation = 0;
    status = netlink.ask(message_type(NFT_MSG_GETGEN), request(0), [&](std::uint16_t, std::string_view message) {
        nfgenmsg head;
        generation = static_cast<std::uint32_t>(take_header(message, head).big_endian(NFTA_GEN_ID));
        return true;
    });
    return generation;
}

std::string devices_text(const Attributes& hook) {
    if (const std::string one = hook.text(NFTA_HOOK_DEV); !one.empty()) return " on " + one;
    std::string text;
    for (const Attribute& each : hook.nested(NFTA_HOOK_DEVS)) text += (text.empty() ? " on " : ", ") + std::string(each.text());
    return text;
}

Status add_chains(Netlink& netlink, Facts& facts) {
    return netlink.dump(message_type(NFT_MSG_GETCHAIN), request(0), [&](std::uint16_t, std::string_view message) {
        nfgenmsg head;
        const Attributes chain = take_header(message, head);
        const auto hook = chain.find(NFTA_CHAIN_HOOK);
        if (!hook) return true;  // reached only from those that have one
        const Attributes place = hook->nested();
        const bool drops = chain.find(NFTA_CHAIN_POLICY) && chain.big_endian(NFTA_CHAIN_POLICY) == NF_DROP;
        facts.add("nft_chain", fmt::format("{} {} {}", family_name(head.nfgen_family), chain.text(NFTA_CHAIN_TABLE), chain.text(NFTA_CHAIN_NAME)),
                  fmt::format("{} hook {}{} priority {} policy {}", chain.text(NFTA_CHAIN_TYPE),
                              hook_name(head.nfgen_family, place.big_endian(NFTA_HOOK_HOOKNUM)), devices_text(place),
                              static_cast<std::int32_t>(place.big_endian(NFTA_HOOK_PRIORITY)), drops ? "drop" : "accept"));
        if (const auto counters = chain.find(NFTA_CHAIN_COUNTERS))
            facts.count("nft_counter", fmt::format("{} {} {}", family_name(head.nfgen_family), chain.text(NFTA_CHAIN_TABLE), chain.text(NFTA_CHAIN_NAME)),
                        fmt::format("{} packets", counters->nested().big_endian(NFTA_COUNTER_PACKETS)));
        return true;
    });
}

struct RawRule {
    std::uint8_t family;
    std::string table, name, expressions;
};

/// In a set of ranges the kernel keeps where one begins, and where it is over: the value after its last.
std::vector<NftElement> ranges(std::vector<std::pair<NftElement, bool>> points) {
    std::sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.first.first < b.first.first; });
    std::vector<NftElement> all;
    for (auto& [point, ends] : points) {
        if (!ends) {
            all.push_back(std::move(point));
        } else if (!all.empty() && all.back().last.empty()) {
            std::string last = point.first;  // one less, as a big-endian number
            for (auto digit = last.rbegin(); digit != last.rend() && (*digit)-- == '\0'; ++digit) {}
            all.back().last = std::move(last);
        }
    }
    return all;
}

std::vector<NftElement> elements_of(Netlink& netlink, const RawRule& rule, const std::string& set) {
    std::string question = request(rule.family);
    append_attribute(question, NFTA_SET_ELEM_LIST_TABLE, rule.table + '\0');
    append_attribute(question, NFTA_SET_ELEM_LIST_SET, set + '\0');
    std::vector<std::pair<NftElement, bool>> points;
    bool has_ranges = false;
    const Status read = netlink.dump(message_type(NFT_MSG_GETSETELEM), question, [&](std::uint16_t, std::string_view message) {
        nfgenmsg head;
        for (const Attribute& each : take_header(message, head).nested(NFTA_SET_ELEM_LIST_ELEMENTS)) {
            const Attributes element = each.nested();
            NftElement one;
            if (const auto key = element.nested(NFTA_SET_ELEM_KEY).find(NFTA_DATA_VALUE)) one.first = std::string(key->data);
            if (const auto verdict = element.nested(NFTA_SET_ELEM_DATA).find(NFTA_DATA_VERDICT)) one.verdict = nft_verdict(verdict->nested());
            const bool ends = element.big_endian(NFTA_SET_ELEM_FLAGS) & NFT_SET_ELEM_INTERVAL_END;
            has_ranges |= ends;
            points.emplace_back(std::move(one), ends);
        }
        return points.size() < 1000;
    });
    if (!read) return {};
    if (has_ranges) return ranges(std::move(points));
    std::vector<NftElement> all;
    for (auto& [point, ends] : points) all.push_back(std::move(point));
    std::sort(all.begin(), all.end(), [](const NftElement& a, const NftElement& b) { return a.first < b.first; });
    return all;
}

Status add_rules(Netlink& netlink, Facts& facts) {
    std::vector<RawRule> rules;
    std::size_t more = 0;
    const Status read = netlink.dump(message_type(NFT_MSG_GETRULE), request(0), [&](std::uint16_t, std::string_view message) {
        nfgenmsg head;
        const Attributes rule = take_header(message, head);
        if (rules.size() == most_rules) {
            ++more;
            return true;
        }
        const auto expressions = rule.find(NFTA_RULE_EXPRESSIONS);
        const std::string table = rule.text(NFTA_RULE_TABLE);
        rules.push_back({head.nfgen_family, table,
                         fmt::format("{} {} {} handle {}", family_name(head.nfgen_family), table, rule.text(NFTA_RULE_CHAIN), rule.big_endian(NFTA_RULE_HANDLE)),
                         std::string(expressions ? expressions->data : std::string_view{})});
        return true;
    });
    if (!read) return read;
    for (const RawRule& one : rules) {
        NftRule rule([&](const std::string& set) { return elements_of(netlink, one, set); });
        for (const Attribute& each : Attributes(one.expressions)) rule.take(each.nested().text(NFTA_EXPR_NAME), each.nested().nested(NFTA_EXPR_DATA));
        facts.add("nft_rule", one.name, rule.text());
        if (rule.counts()) facts.count("nft_counter", one.name, fmt::format("{} packets", rule.packets()));
    }
    if (more) facts.add("nft_rule", "...", fmt::format("{} more rules, not listed", more));
    return success();
}

}  // namespace

void Nft::add_to(Facts& facts, bool counters) {
    if (!there_is_nftables()) return;
    auto netlink = Netlink::open(NETLINK_NETFILTER);
    if (!netlink) return facts.unreadable("nft_chain", "", netlink.error().message);
    Status status = success();
    const std::uint32_t generation = read_generation(*netlink, status);
    if (status && generation == generation_ && !counters) {
        for (const char* topic : {"nft_chain", "nft_rule", "nft_counter"}) facts.keep(last_, topic);
        return;
    }
    Facts fresh;
    if (status) status = add_chains(*netlink, fresh);
    if (status) status = add_rules(*netlink, fresh);
    if (!status) {
        for (const char* topic : {"nft_chain", "nft_rule"}) facts.unreadable(topic, "", status.error().message);
        return;
    }
    generation_ = generation;
    last_ = fresh;
    for (const char* topic : {"nft_chain", "nft_rule", "nft_counter"}) facts.keep(fresh, topic);
}

}  // namespace tcpwitness
