#include "findings/packet_filter_rule.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

/// "inet filter input handle 7", "inet filter input".
struct Place {
    std::string family, table, chain, handle;
};

std::optional<Place> place_of(std::string_view name) {
    const auto words = split(name, ' ');
    if (words.size() < 3) return std::nullopt;
    return Place{std::string(words[0]), std::string(words[1]), std::string(words[2]), words.size() > 4 ? std::string(words[4]) : ""};
}

/// The facts of one topic of the drop's namespace, as they stood when it happened.
std::map<std::string, std::string> facts_at(const Story& story, const Event& drop, std::string_view topic) {
    std::map<std::string, std::string> facts;
    for (const Event& event : story.environment) {
        const Environment* fact = event.as<Environment>();
        if (!fact || fact->topic != topic || event.witness != drop.witness || fact->what == Environment::What::unreadable) continue;
        // what was found may be written down a little after the packet that made the recorder look
        if (event.time_ns > drop.time_ns && fact->what != Environment::What::found) continue;
        if (fact->what == Environment::What::gone)
            facts.erase(fact->name);
        else
            facts[fact->name] = fact->after;
    }
    return facts;
}

bool of_family(const Place& place, bool v6) { return place.family == "inet" || place.family == (v6 ? "ip6" : "ip"); }

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (const std::string_view word : split(text, ' '))
        if (!word.empty()) words.push_back(word);
    return words;
}

std::string_view without_comma(std::string_view word) { return word.ends_with(',') ? word.substr(0, word.size() - 1) : word; }

/// What stands after a matched field: "5061", "!= 22", "{ 80, 443 }", "1000-2000".
struct Match {
    bool negated = false;
    std::vector<std::string_view> values;
};

std::optional<Match> match_of(const std::vector<std::string_view>& words, std::string_view first, std::string_view second) {
    for (std::size_t i = 0; i + 2 < words.size(); ++i) {
        if (words[i] != first || words[i + 1] != second) continue;
        Match match;
        std::size_t at = i + 2;
        if (words[at] == "!=") {
            match.negated = true;
            ++at;
        }
        if (at < words.size() && words[at] == "{") {
            for (++at; at < words.size() && words[at] != "}"; ++at) match.values.push_back(without_comma(words[at]));
        } else if (at < words.size()) {
            match.values.push_back(words[at]);
        }
        return match;
    }
    return std::nullopt;
}

/// Nothing when the value is not understood.
std::optional<bool> holds_port(std::string_view value, std::uint16_t port) {
    const std::size_t dash = value.find('-');
    const auto first = parse_number<std::uint16_t>(value.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number<std::uint16_t>(value.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    return port >= *first && port <= *last;
}

std::optional<bool> holds_address(std::string_view value, const Address& address) {
    const auto one = Address::parse(value);  // prefixes and ranges are not understood
    return one ? std::optional(*one == address) : std::nullopt;
}

/// The match says no: certainly, not only perhaps.
template <typename Holds>
bool excludes(const std::optional<Match>& match, Holds holds) {
    if (!match || match->values.empty()) return false;
    bool any = false;
    for (const std::string_view value : match->values) {
        const std::optional<bool> held = holds(value);
        if (!held) return false;
        any |= *held;
    }
    return any == match->negated;
}

bool may_match(std::string_view rule, const Event& event, const Drop& drop) {
    const auto words = words_of(rule);
    const Endpoint& source = drop.outgoing ? event.flow.local : event.flow.peer;
    const Endpoint& destination = drop.outgoing ? event.flow.peer : event.flow.local;
    const bool names_icmp = std::ranges::any_of(words, [](std::string_view word) { return word == "icmp" || word == "icmpv6"; });
    const bool names_tcp = std::ranges::any_of(words, [](std::string_view word) { return word == "tcp"; });
    const bool names_udp = std::ranges::any_of(words, [](std::string_view word) { return word == "udp"; });
    if (names_udp || (drop.icmp ? names_tcp : names_icmp)) return false;
    const auto port = [](std::uint16_t number) { return [number](std::string_view value) { return holds_port(value, number); }; };
    const auto address = [](const Address& one) { return [&one](std::string_view value) { return holds_address(value, one); }; };
    for (const char* protocol : {"tcp", "th"})
        if (!drop.icmp && (excludes(match_of(words, protocol, "dport"), port(destination.port)) || excludes(match_of(words, protocol, "sport"), port(source.port))))
            return false;
    for (const char* family : {"ip", "ip6"})
        if (!drop.icmp && (excludes(match_of(words, family, "daddr"), address(destination.address)) || excludes(match_of(words, family, "saddr"), address(source.address))))
            return false;
    return true;
}

bool drops(std::string_view rule) {
    const auto words = words_of(rule);
    return std::ranges::any_of(words, [](std::string_view word) { return word == "drop" || word == "reject"; });
}

}  // namespace

std::vector<std::string> rules_that_may_have_dropped(const Story& story, const Event& event) {
    const Drop& drop = *event.as<Drop>();
    const std::string hook = netfilter_hook(drop.caller);
    std::vector<std::string> found;
    if (hook.empty()) return found;
    const bool v6 = event.flow.peer.address.family == Address::Family::ipv6;
    std::set<std::pair<std::string, std::string>> tables;  ///< with a chain on this hook
    std::set<std::string> other_chains;                    ///< on other hooks: not reached from here
    for (const auto& [name, text] : facts_at(story, event, "nft_chain")) {
        const auto chain = place_of(name);
        if (!chain || !of_family(*chain, v6)) continue;
        if (text.find(" hook " + hook + " ") == std::string::npos) {
            other_chains.insert(name);
            continue;
        }
        tables.emplace(chain->family, chain->table);
        if (text.ends_with("policy drop")) found.push_back(fmt::format("table {} {}, chain {}: its policy drop", chain->family, chain->table, chain->chain));
    }
    for (const auto& [name, text] : facts_at(story, event, "nft_rule")) {
        const auto rule = place_of(name);
        if (!rule || rule->handle.empty() || !tables.contains({rule->family, rule->table})) continue;
        if (other_chains.contains(fmt::format("{} {} {}", rule->family, rule->table, rule->chain)) || !drops(text) || !may_match(text, event, drop)) continue;
        found.push_back(fmt::format("table {} {}, chain {}, handle {}: {}", rule->family, rule->table, rule->chain, rule->handle, text));
    }
    return found;
}

}  // namespace tcpwitness
