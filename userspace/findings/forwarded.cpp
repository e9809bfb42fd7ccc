#include "findings/forwarded.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/benign.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t again_ns = 900'000'000;  ///< a client sends its SYN again after a second
constexpr std::size_t many = 10;                 ///< who asks so many doors looks for open ones

/// One SYN, by its number, which no translator changes, and what came back for it.
struct Passed {
    std::vector<const Event*> in, out, refusals;
    bool answered = false;

    const Endpoint& client() const { return in.front()->flow.peer; }   // as it came in
    const Endpoint& server() const { return out.front()->flow.peer; }  // as it left
};
using BySyn = std::map<std::pair<WitnessId, std::uint32_t>, Passed>;

/// SYNs whose ends nobody recorded.
BySyn passed_syns(const Story& story) {
    BySyn all;
    for (const Event& event : story.unmatched) {
        const Segment* segment = event.as<Segment>();
        if (!segment || !segment->syn() || story.witnesses[event.witness].on_path) continue;
        Passed& one = all[{event.witness, segment->seq}];
        (segment->outgoing ? one.out : one.in).push_back(&event);
    }
    std::erase_if(all, [](const auto& one) { return one.second.in.empty() || one.second.out.empty(); });
    if (all.empty()) return all;
    std::unordered_set<std::uint32_t> known;
    for (const Connection& c : story.connections)
        if (const auto& isn = c.role == Role::client ? c.local_isn : c.peer_isn) known.insert(*isn);
    std::erase_if(all, [&](const auto& one) { return known.contains(one.first.second); });
    for (auto& [key, one] : all)
        for (const Event* event : story.unmatched_events(one.out.front()->flow)) {
            if (event->witness != key.first || event->time_ns < one.out.front()->time_ns) continue;
            const Segment* segment = event->as<Segment>();
            const bool back = segment && !segment->outgoing && segment->ack == key.second + 1;
            if (back && segment->rst()) one.refusals.push_back(event);
            one.answered = one.answered || (back && !segment->rst()) || event->as<Icmp>() || event->as<Drop>();
        }
    return all;
}

/// Several hosts on the way saw it: the last one tells it.
bool seen_further(const BySyn& all, std::uint32_t seq, const Passed& one) {
    return std::any_of(all.begin(), all.end(), [&](const auto& other) { return other.first.second == seq && other.second.out.front()->time_ns > one.out.front()->time_ns; });
}

struct Door {
    std::vector<const Passed*> tries;
    std::set<Address> clients;
};
using Doors = std::map<std::pair<WitnessId, Endpoint>, Door>;

template <typename Wanted>
Doors doors(const BySyn& all, Wanted wanted) {
    Doors found;
    for (const auto& [key, one] : all) {
        if (!wanted(key.first, one) || seen_further(all, key.second, one)) continue;
        Door& door = found[{key.first, one.server()}];
        door.tries.push_back(&one);
        door.clients.insert(one.client().address);
    }
    return found;
}

/// Hosts that ask so many doors that they look for open ones.
std::set<Address> scanners(const Doors& doors) {
    std::map<Address, std::set<Endpoint>> asked;
    for (const auto& [where, door] : doors)
        for (const Address& client : door.clients) asked[client].insert(where.second);
    std::set<Address> found;
    for (const auto& [client, ends] : asked)
        if (ends.size() >= many) found.insert(client);
    return found;
}

std::string clients_text(const Door& door) { return door.clients.size() == 1 ? door.clients.begin()->text() : count_text(door.clients.size(), "client", "clients"); }

Finding about_door(const char* rule, const std::pair<WitnessId, Endpoint>& where, Door& door) {
    std::sort(door.tries.begin(), door.tries.end(), [](const Passed* a, const Passed* b) { return a->in.front()->time_ns < b->in.front()->time_ns; });
    Finding f;
    f.rule = rule;
    f.certainty = Certainty::likely;
    f.count = door.tries.size();
    f.first_ns = door.tries.front()->in.front()->time_ns;
    for (const Passed* one : door.tries) {
        f.last_ns = std::max({f.last_ns, one->out.back()->time_ns, one->refusals.empty() ? 0 : one->refusals.back()->time_ns});
        cite(f, one->in);
        cite(f, one->out);
        cite(f, one->refusals);
    }
    f.settle = record_on(where.second.address);
    f.fold_key = fmt::format("through/{}/{}", where.first, where.second.text());
    return f;
}

template <typename Tell>
std::vector<Finding> tell_doors(const char* rule, Doors all, Tell tell) {
    std::vector<Finding> found;
    const auto looking = scanners(all);
    for (auto& [where, door] : all) {
        Finding f = about_door(rule, where, door);
        if (std::all_of(door.clients.begin(), door.clients.end(), [&](const Address& client) { return looking.contains(client); })) {
            f.benign = benign::scan;
            f.headline = fmt::format("{}, through this host", clients_text(door));
            f.fold_key = f.headline;
        } else {
            tell(f, where, door);
        }
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

std::vector<Finding> forwarded_refusals(const Story& story, const char* rule) {
    const BySyn all = passed_syns(story);
    if (all.empty()) return {};
    const Doors refused = doors(all, [](WitnessId, const Passed& one) { return !one.refusals.empty() && !one.answered; });
    return tell_doors(rule, refused, [&](Finding& f, const auto& where, const Door& door) {
        const Event& rst = *door.tries.front()->refusals.front();
        f.culprit = Culprit::peer_host;
        f.headline = fmt::format("{} refused the connect of {}: the RST came through {}, in on {}", where.second.text(), clients_text(door), place(story, where.first), interface_name(story, rst));
        f.reasons.push_back(fmt::format("the SYN left {} on {}, and a RST that acknowledges it came back {} later", place(story, where.first), interface_name(story, *door.tries.front()->out.front()),
                                        since(door.tries.front()->out.front()->time_ns, rst.time_ns)));
        f.settle += ": it tells whether nothing listens there, or a firewall behind this host refuses";
    });
}

std::vector<Finding> forwarded_silences(const Story& story, const char* rule) {
    const BySyn all = passed_syns(story);
    if (all.empty()) return {};
    const Doors silent = doors(all, [&](WitnessId witness, const Passed& one) {
        return !one.answered && one.refusals.empty() && one.out.back()->time_ns - one.out.front()->time_ns >= again_ns && story.recording_of(witness).end_ns > one.out.back()->time_ns + again_ns;
    });
    return tell_doors(rule, silent, [&](Finding& f, const auto& where, const Door& door) {
        std::size_t syns = 0;
        for (const Passed* one : door.tries) syns += one->out.size();
        f.culprit = Culprit::path;
        f.certainty = Certainty::possible;
        f.headline = fmt::format("{} got no answer from {}: {} went through {}, out on {}, and nothing came back", clients_text(door), where.second.text(), count_text(syns, "SYN", "SYNs"),
                                 place(story, where.first), interface_name(story, *door.tries.front()->out.front()));
        f.reasons.push_back("it was lost, dropped or not answered behind this host");
        f.settle += ": it tells whether the SYN arrived there";
    });
}

}  // namespace tcpwitness
