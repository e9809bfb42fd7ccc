#include "findings/interposers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/device_facts.h"
#include "findings/facts.h"
#include "model/filter.h"

namespace tcpwitness {

namespace {

constexpr std::size_t most_named = 3;

bool has_word(std::string_view text, std::string_view word) {
    const auto words = split(text, ' ');
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// What a fact can do to packets; nothing for the many that only describe.
std::optional<Interposer> interposer_of(const Environment& fact, const std::string& value) {
    using Effect = Interposer::Effect;
    const auto made = [&](Effect effect, const char* kind) {
        Interposer one;
        one.effect = effect;
        one.text = fmt::format("{} {} ({})", kind, printable(fact.name), printable(value));
        return one;
    };
    if (fact.topic == "nft_rule") {
        const bool resets = value.find("reject with tcp reset") != std::string::npos;
        const bool redirects = has_word(value, "redirect") || has_word(value, "tproxy") || has_word(value, "dnat") || has_word(value, "queue") ||
                               has_word(value, "synproxy") || has_word(value, "TPROXY") || has_word(value, "REDIRECT") || has_word(value, "NFQUEUE");
        if (!resets && !redirects && !has_word(value, "reject") && !has_word(value, "drop")) return std::nullopt;
        Interposer rule = made(redirects ? Effect::other : resets ? Effect::resets : Effect::drops, "nftables rule");
        rule.condition = value;
        return rule;
    }
    if (fact.topic == "xdp") return made(Effect::other, "XDP on");
    if (fact.topic == "tc_filter") return made(value.find("action drop") != std::string::npos ? Effect::drops : Effect::other, "tc filter");
    if (fact.topic == "qdisc" && value.starts_with("netem")) return made(Effect::drops, "queueing discipline");
    if (fact.topic == "iptables_table") return made(Effect::other, "iptables table");
    if (fact.topic == "bpf_program" && (value.starts_with("cgroup packet") || value.starts_with("cgroup address") || value.starts_with("socket ") || value.starts_with("netfilter")))
        return made(Effect::other, "BPF program");
    if (fact.topic == "device" && value.find(", tun,") != std::string::npos) return made(Effect::other, "TUN device");
    if (fact.topic == "module") return made(Effect::other, "kernel module");
    return std::nullopt;
}

bool port_matches(std::string_view element, std::uint16_t port) {
    element = trim(element.substr(0, element.find(':')));  // of a verdict map
    const auto dash = element.find('-');
    const auto first = parse_number<std::uint16_t>(element.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number<std::uint16_t>(element.substr(dash + 1));
    return !first || !last || (port >= *first && port <= *last);
}

bool address_matches(std::string_view element, const Address& address) {
    std::vector<Prefix> prefix;
    return !parse_prefix(trim(element), prefix) || prefix.front().holds(address);
}

/// One condition's values: "5061", "{ 80, 8000-8100 }". Comparisons and named sets may match anything.
template <typename Matches>
bool any_value(std::string_view text, Matches matches) {
    text = trim(text);
    if (text.empty() || text.front() == '!' || text.front() == '<' || text.front() == '>' || text.front() == '@') return true;
    if (text.front() != '{') return matches(text.substr(0, text.find(' ')));
    text = text.substr(1, text.find('}') - 1);
    const auto elements = split(text, ',');
    return std::any_of(elements.begin(), elements.end(), [&](std::string_view element) { return trim(element) == "..." || matches(element); });
}

/// Rules that end a connection by a RST, and those whose packets vanished.
bool explains(const std::string& rule, Interposer::Effect effect) {
    static const std::set<std::string> by_reset = {"connect-refused", "reset-forged", "reset-received", "interposer"};
    static const std::set<std::string> by_loss = {"connect-timeout", "handshake-incomplete", "retransmission-timeout", "idle-reset", "host-unreachable", "path-mtu-blackhole"};
    if (by_reset.contains(rule)) return effect == Interposer::Effect::resets || effect == Interposer::Effect::other;
    if (by_loss.contains(rule)) return true;
    return false;
}

/// A host between the ends let every segment of the handshake through that came in, and its kernel dropped none: nothing there had a part in it.
bool let_through(const Story& story, const Connection& c, WitnessId host) {
    const Connection* other = story.other_end(c);
    if (c.has(sign::established) || host == c.witness || (other && host == other->witness)) return false;
    std::map<Endpoint, int> balance;
    for (const Event* event : story.unmatched_events(c.flow)) {
        if (event->witness != host) continue;
        const Segment* segment = event->as<Segment>();
        if (!segment) return false;
        balance[segment->outgoing ? event->flow.local : event->flow.peer] += segment->outgoing ? -1 : 1;
    }
    return !balance.empty() && std::all_of(balance.begin(), balance.end(), [](const auto& source) { return source.second == 0; });
}

/// Hosts that saw the flow, or are an end of it. Those that are proven innocent are not among them.
std::set<WitnessId> suspects(const Story& story, const Finding& finding, const Connection& c, const Homes& homes) {
    std::set<WitnessId> all;
    // Where the kernel or the process told what it did, nothing else did it.
    if (finding.certainty == Certainty::proven && (finding.culprit == Culprit::local_configuration || finding.culprit == Culprit::local_kernel ||
                                                   finding.culprit == Culprit::local_application || finding.culprit == Culprit::peer_application))
        return all;
    for (const Event* packet : story.unmatched_packets(c.flow)) all.insert(packet->witness);
    std::erase_if(all, [&](WitnessId host) { return let_through(story, c, host); });
    if (finding.certainty == Certainty::proven && finding.culprit == Culprit::path) {
        all.erase(c.witness);
        if (const Connection* other = story.other_end(c)) all.erase(other->witness);
        return all;
    }
    if (finding.culprit != Culprit::peer_host || finding.certainty != Certainty::proven) all.insert(c.witness);
    if (const Connection* other = story.other_end(c)) all.insert(other->witness);
    if (const auto home = homes.of(c.flow.peer.address, c.witness)) all.insert(*home);
    return all;
}

std::string counted_text(const Interposer& one) {
    if (!one.counted) return {};
    const Environment& counter = *one.counted->as<Environment>();
    return fmt::format("; its counter went from {} to {}", printable(counter.before), printable(counter.after));
}

}  // namespace

bool may_match(std::string_view rule, const Endpoint& source, const Endpoint& destination) {
    const auto after = [&](std::string_view words, auto matches) {
        for (std::size_t at = rule.find(words); at != std::string_view::npos; at = rule.find(words, at + 1))
            if ((at == 0 || rule[at - 1] == ' ') && !any_value(rule.substr(at + words.size()), matches)) return false;
        return true;
    };
    for (const char* other : {"udp ", "icmp ", "icmpv6 ", "sctp ", "meta l4proto udp", "meta l4proto icmp", "ip protocol udp", "ip protocol icmp"})
        if (rule.starts_with(other) || rule.find(std::string(" ") + other) != std::string_view::npos) return false;
    const bool v6 = source.address.family == Address::Family::ipv6;
    if (rule.find(v6 ? "ip saddr" : "ip6 saddr") != std::string_view::npos || rule.find(v6 ? "ip daddr" : "ip6 daddr") != std::string_view::npos ||
        rule.find(v6 ? "meta nfproto ipv4" : "meta nfproto ipv6") != std::string_view::npos)
        return false;
    const auto port = [](std::uint16_t wanted) { return [wanted](std::string_view element) { return port_matches(element, wanted); }; };
    const auto address = [](const Address& wanted) { return [&wanted](std::string_view element) { return address_matches(element, wanted); }; };
    return after("tcp sport ", port(source.port)) && after("tcp dport ", port(destination.port)) && after("th sport ", port(source.port)) &&
           after("th dport ", port(destination.port)) && after(v6 ? "ip6 saddr " : "ip saddr ", address(source.address)) &&
           after(v6 ? "ip6 daddr " : "ip daddr ", address(destination.address));
}

bool may_touch(const std::string& condition, const Flow& flow) {
    return condition.empty() || may_match(condition, flow.local, flow.peer) || may_match(condition, flow.peer, flow.local);
}

std::vector<Interposer> interposers(const Story& story) {
    std::vector<Interposer> all;
    std::map<std::tuple<WitnessId, bool, std::string, std::string>, std::size_t> present;
    std::map<std::pair<WitnessId, std::string>, const Event*> counted;
    for (const Event& event : story.environment) {
        const Environment& fact = *event.as<Environment>();
        if (fact.what == Environment::What::counted) counted[{event.witness, fact.name}] = &event;
        if (fact.what == Environment::What::counted || fact.what == Environment::What::unreadable) continue;
        const auto key = std::make_tuple(event.witness, fact.of_host, fact.topic, fact.name);
        if (const auto before = present.find(key); before != present.end()) {
            all[before->second].to_ns = event.time_ns;
            present.erase(before);
        }
        if (fact.what == Environment::What::gone) continue;
        auto one = interposer_of(fact, fact.after);
        if (!one) continue;
        one->fact = &event;
        one->witness = event.witness;
        one->of_host = fact.of_host;
        one->from_ns = fact.what == Environment::What::found ? 0 : event.time_ns;
        present[key] = all.size();
        all.push_back(std::move(*one));
    }
    for (Interposer& one : all)
        if (const auto counter = counted.find({one.witness, one.fact->as<Environment>()->name}); counter != counted.end() && !one.of_host) one.counted = counter->second;
    return all;
}

void name_interposers(const Story& story, std::vector<Finding>& findings) {
    const auto all = interposers(story);
    if (all.empty()) return;
    const Homes homes(story);
    for (Finding& finding : findings) {
        const Connection* c = finding.connections.empty() ? nullptr : story.connection(finding.connections.front());
        if (!c) continue;
        std::optional<std::set<WitnessId>> places;
        std::size_t named = 0;
        for (const Interposer& one : all) {
            // A look comes seconds after a change: what came after the trouble may have been there.
            constexpr std::uint64_t look_ns = 4'000'000'000;
            if (!explains(finding.rule, one.effect) || one.of_host || finding.last_ns + look_ns < one.from_ns || finding.first_ns > one.to_ns) continue;
            if (!may_touch(one.condition, c->flow)) continue;
            if (const Environment& fact = *one.fact->as<Environment>(); fact.topic == "xdp" && xdp_took_nothing(story, one.witness, fact.name, finding.first_ns)) continue;
            if (!places) places = suspects(story, finding, *c, homes);
            if (!places->contains(one.witness)) continue;
            if (std::find(finding.evidence.begin(), finding.evidence.end(), one.fact->id) != finding.evidence.end()) continue;
            if (++named > most_named) break;
            finding.reasons.push_back(fmt::format("on {} there is software that can do this: {}{}", place(story, one.witness), one.text, counted_text(one)));
            cite(finding, one.fact);
            cite(finding, one.counted);
        }
    }
}

std::string interposers_text(const Story& story) {
    std::map<std::string, std::size_t> counts;
    const bool several = story.witnesses.size() > 1;
    for (const Interposer& one : interposers(story)) {
        const Environment& fact = *one.fact->as<Environment>();
        const std::string where = several && !one.of_host ? " in " + place(story, one.witness) : "";
        ++counts[fact.topic == "nft_rule" ? "nftables" + where : one.text + where];
    }
    std::string text;
    for (const auto& [what, count] : counts) {
        text += (text.empty() ? "" : ", ") + what;
        if (what.starts_with("nftables") && !what.starts_with("nftables rule"))
            text += fmt::format(" ({})", count_text(count, "rule that drops, rejects or redirects", "rules that drop, reject or redirect"));
    }
    return text;
}

}  // namespace tcpwitness
