#include <algorithm>

#include <fmt/format.h>

#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/interposers.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "interposer";

constexpr Proof proofs[] = {{"the RST came in on lo under another host's name, and a rule of this host that resets such packets is recorded", 0}};

/// A RST under another host's name that came in on the loopback device: nobody but this host can have made it.
const Event* made_here(const Story& story, const Connection& c, const Homes& homes) {
    if (on_this_host(c) || homes.of(c.flow.peer.address, c.witness) == c.witness) return nullptr;
    for (const Event* reset : resets_in(c))
        if (interface_name(story, *reset) == "lo") return reset;
    return nullptr;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    std::optional<Homes> homes;
    std::optional<std::vector<Interposer>> all;
    for (const Connection& c : story.with(sign::rst_in)) {
        if (!c.has(sign::rst_in) || c.both_closed()) continue;
        if (!homes) homes.emplace(story);
        const Event* reset = made_here(story, c, *homes);
        if (!reset) continue;
        if (!all) all = interposers(story);
        const auto rule = std::find_if(all->begin(), all->end(), [&](const Interposer& one) {
            return one.witness == c.witness && one.effect == Interposer::Effect::resets && may_touch(one.condition, c.flow);
        });
        Finding f = about(id, Culprit::local_firewall, Certainty::likely, c, reset->time_ns);
        f.headline = fmt::format("{}{}: the connection with {} was {} by this host's own firewall", who(c), at_place(story, c), c.flow.peer.text(),
                                 c.ending == Ending::refused ? "refused" : "reset");
        f.reasons.push_back(fmt::format("the RST carries the name of {} and came in on lo: a packet from outside never does", c.flow.peer.address.text()));
        cite(f, reset);
        cite(f, first<ResetReceived>(c));
        cite(f, failed_connect(c));
        if (rule != all->end()) {
            prove(f, proofs[0]);
            f.reasons.push_back(rule->text);
            cite(f, rule->fact);
            cite(f, rule->counted);
        } else {
            f.settle = "look for a rule that rejects with a RST: nft list ruleset, iptables-save; record as root, so that the trace holds the rules";
        }
        f.fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, c.flow.peer.text());
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule interposer = {
    id, "software on this host altered or ended the traffic",
    "A firewall, a transparent proxy, an XDP or tc program, or another program that sits in the path of packets on this host ended the connection. Neither the network nor the peer had a "
    "part in it.",
    "A RST under the peer's name that came in on the loopback device: only this host can have made it. With the host's configuration in the trace, the rule that did it is named. Where other "
    "findings leave room for software on a recorded host, it is named among their reasons: rules that can match the connection's ports and addresses, XDP, tc, netem, BPF programs of control "
    "groups and sockets.",
    "Not every host with a firewall: rules that cannot match the connection are not named, and without trouble nothing is raised. The report's summary lists all that there is.",
    "Look at the rule that is named: nft list ruleset shows it with its comment and its neighbours. tcpwitness doctor --environment shows everything that can stand in the way on this host.",
    find,
    proofs,
};

}  // namespace tcpwitness
