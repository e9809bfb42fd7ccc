#include "findings/packet_filter_rule.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/interposers.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t look_ns = 4'000'000'000;  ///< the configuration is looked at every 3 s

/// "inet filter input handle 7", "inet filter input".
struct Place {
    std::string family, table, chain, handle;
    std::string chain_name() const { return fmt::format("{} {} {}", family, table, chain); }
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
        // What was found may be written down a little after the packet that made the recorder look, and what came up is seen seconds later: it may
        // have been there. What changed or went later was there as it had been before.
        const bool late = fact->what == Environment::What::found || (fact->what == Environment::What::appeared && event.time_ns <= drop.time_ns + look_ns);
        if (event.time_ns > drop.time_ns && !late) continue;
        if (fact->what == Environment::What::gone)
            facts.erase(fact->name);
        else
            facts[fact->name] = fact->after;
    }
    return facts;
}

bool drops(std::string_view rule) {
    const auto words = split(rule, ' ');
    return std::ranges::any_of(words, [](std::string_view word) { return word == "drop" || word == "reject"; });
}

bool hands_over(std::string_view rule) {
    const auto words = split(rule, ' ');
    return std::ranges::any_of(words, [](std::string_view word) { return word == "queue" || word == "NFQUEUE"; });
}

bool translates(std::string_view rule) {
    const auto words = split(rule, ' ');
    return std::ranges::any_of(words, [](std::string_view word) {
        return word == "masquerade" || word == "snat" || word == "dnat" || word == "redirect" || word == "MASQUERADE" || word == "SNAT" || word == "DNAT" || word == "REDIRECT";
    });
}

/// "table inet kube, chain no-endpoints, handle 4: drop" of a rule's place and words.
std::string rule_text(const Place& rule, const std::string& words) {
    return fmt::format("table {} {}, chain {}, handle {}: {}", rule.family, rule.table, rule.chain, rule.handle, words);
}

struct NamedRule {
    Place place;
    std::string words;
};

/// Chains that a rule leads to: "tcp dport 443 jump web", also of the verdicts of a map. False: to any, by a map that is not spelled out.
bool add_targets(std::string_view words, std::set<std::string>& targets) {
    if (words.find("map @") != std::string_view::npos) return false;
    const auto parts = split(words, ' ');
    for (std::size_t i = 0; i + 1 < parts.size(); ++i)
        if (parts[i] == "jump" || parts[i] == "goto") {
            std::string_view name = parts[i + 1];
            if (name.ends_with(',')) name.remove_suffix(1);
            targets.insert(std::string(name));
        }
    return true;
}

/// Of one table's rules those that the packet may come to, from its chains on the hook on.
std::vector<const NamedRule*> reachable(const std::vector<NamedRule>& rules, std::set<std::string> chains, const Endpoint& source, const Endpoint& destination) {
    std::set<std::string> done;
    while (done.size() < chains.size()) {
        std::set<std::string> more = chains;
        for (const NamedRule& rule : rules) {
            if (!chains.contains(rule.place.chain) || done.contains(rule.place.chain) || !may_match(rule.words, source, destination)) continue;
            if (!add_targets(rule.words, more))
                for (const NamedRule& any : rules) more.insert(any.place.chain);
        }
        done = std::exchange(chains, std::move(more));
    }
    std::vector<const NamedRule*> found;
    for (const NamedRule& rule : rules)
        if (chains.contains(rule.place.chain) && may_match(rule.words, source, destination)) found.push_back(&rule);
    return found;
}

/// The rules reachable from the drop's hook that `wanted` accepts and that may match the packet; with them policies, where asked for.
std::vector<std::string> rules_at(const Story& story, const Event& event, bool policies, bool (*wanted)(std::string_view)) {
    const Drop& drop = *event.as<Drop>();
    const std::string hook = netfilter_hook(drop.caller);
    std::vector<std::string> found;
    if (hook.empty()) return found;
    const Endpoint& source = drop.outgoing ? event.flow.local : event.flow.peer;
    const Endpoint& destination = drop.outgoing ? event.flow.peer : event.flow.local;
    const std::string own_family = destination.address.family == Address::Family::ipv6 ? "ip6" : "ip";
    using Table = std::pair<std::string, std::string>;
    std::map<Table, std::set<std::string>> tables;  ///< with the chains on this hook
    std::set<std::string> other_chains;             ///< on other hooks: not reached from here
    for (const auto& [name, text] : facts_at(story, event, "nft_chain")) {
        const auto chain = place_of(name);
        if (!chain || (chain->family != "inet" && chain->family != own_family)) continue;
        if (text.find(" hook " + hook + " ") == std::string::npos) {
            other_chains.insert(chain->chain_name());
            continue;
        }
        tables[{chain->family, chain->table}].insert(chain->chain);
        if (policies && text.ends_with("policy drop")) found.push_back(fmt::format("table {} {}, chain {}: its policy drop", chain->family, chain->table, chain->chain));
    }
    std::map<Table, std::vector<NamedRule>> rules;
    for (const auto& [name, text] : facts_at(story, event, "nft_rule")) {
        const auto rule = place_of(name);
        if (!rule || rule->handle.empty() || !tables.contains({rule->family, rule->table}) || other_chains.contains(rule->chain_name())) continue;
        rules[{rule->family, rule->table}].push_back({*rule, text});
    }
    for (const auto& [table, all] : rules)
        for (const NamedRule* rule : reachable(all, tables[table], source, destination))
            if (wanted(rule->words)) found.push_back(rule_text(rule->place, rule->words));
    if (found.empty())  // what leads there may not have been read
        for (const auto& [table, all] : rules)
            for (const NamedRule& rule : all)
                if (wanted(rule.words) && may_match(rule.words, source, destination)) found.push_back(rule_text(rule.place, rule.words));
    return found;
}

bool has_any(std::string_view words, std::initializer_list<std::string_view> wanted) {
    return std::any_of(wanted.begin(), wanted.end(), [&](std::string_view one) { return words.find(one) != std::string_view::npos; });
}

/// A rule that may have done it, or one that leads to its chain, has one of those words.
bool any_names(const Story& story, const Event& drop, std::initializer_list<std::string_view> wanted) {
    const auto facts = facts_at(story, drop, "nft_rule");
    const auto suspects = rules_that_may_have_dropped(story, drop);
    const auto names = [&](const std::string& suspect) {
        if (has_any(suspect, wanted)) return true;
        for (const auto& [name, words] : facts) {
            const auto rule = place_of(name);
            if (!rule || rule->handle.empty() || rule_text(*rule, words) != suspect) continue;
            return std::any_of(facts.begin(), facts.end(), [&](const auto& other) {
                const auto from = place_of(other.first);
                return from && from->family == rule->family && from->table == rule->table && has_any(other.second, wanted) &&
                       (other.second.ends_with("jump " + rule->chain) || other.second.ends_with("goto " + rule->chain));
            });
        }
        return false;
    };
    return std::any_of(suspects.begin(), suspects.end(), names);
}

}  // namespace

bool names_destination(const Story& story, const Event& drop) { return any_names(story, drop, {"dport ", "daddr "}); }
bool names_source(const Story& story, const Event& drop) { return any_names(story, drop, {"saddr "}); }

std::vector<std::string> rules_that_may_have_dropped(const Story& story, const Event& drop) {
    const bool unqueued = drop.as<Drop>()->unqueued();
    return rules_at(story, drop, !unqueued, unqueued ? hands_over : drops);
}

bool limits(std::string_view rule) {
    static constexpr std::string_view counting[] = {"limit", "count", "quota", "numgen", "connlimit", "hashlimit", "recent", "statistic", "meter", "dynset"};
    const auto words = split(rule, ' ');
    return std::ranges::any_of(words, [](std::string_view word) { return std::ranges::find(counting, word) != std::end(counting); });
}

std::vector<std::string> translations_at(const Story& story, const Event& drop) { return rules_at(story, drop, false, translates); }

const Event* filter_drop(const Story& story, const Flow& flow, WitnessId witness) {
    for (const Event* event : story.unmatched_events(flow))
        if (const Drop* drop = event->as<Drop>(); drop && drop->by_packet_filter() && event->witness == witness) return event;
    return nullptr;
}

std::string filter_text(const Story& story, const Event& event, bool reset) {
    const Drop& drop = *event.as<Drop>();
    const std::string hook = netfilter_hook(drop.caller);
    std::string where = !hook.empty() ? hook + " hook" : !drop.caller.empty() ? "in " + printable(drop.caller) : "in " + printable(drop.place);
    auto rules = rules_that_may_have_dropped(story, event);
    if (reset) std::erase_if(rules, [](const std::string& rule) { return rule.find("reject") == std::string::npos; });
    if (rules.size() == 1) where += "; " + printable(rules.front());
    return fmt::format("packet filter ({})", where);
}

}  // namespace tcpwitness
