#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "connect-denied";
constexpr std::size_t most_named = 3;

constexpr Proof proofs[] = {{"connect() itself was answered with EPERM or EACCES, and no SYN left", 0}};

struct Suspect {
    std::string text;
    const Event* fact;
    bool program = false;  ///< a BPF program that answers with this errno
};

constexpr std::size_t groups_listed = 4;  ///< of a program's, in the recorded configuration

/// The caller's control group, where its path was recorded.
std::string group_of(const Story& story, const Event& result) {
    const Task& caller = result.as<Call>()->task;
    const auto& groups = story.recording_of(result.witness).cgroups;
    const auto group = caller.cgroup ? groups.find(caller.cgroup) : groups.end();
    return group == groups.end() ? "" : group->second;
}

/// A program of a control group judges what is in that group or below it. "cgroup address hook on cgroup /a/b, /c".
bool may_judge(std::string_view program, const std::string& group) {
    constexpr std::string_view on = " on cgroup ";
    const auto at = program.find(on);
    if (at == std::string_view::npos || group.empty()) return true;
    const auto places = split(program.substr(at + on.size()), ',');
    if (places.size() >= groups_listed) return true;  // there may be more
    return std::any_of(places.begin(), places.end(), [&](std::string_view place) {
        place = trim(place);
        if (place == "/" || place == group || !place.starts_with('/')) return true;  // of a link only the number is known
        return group.starts_with(place) && group[place.size()] == '/';
    });
}

/// What this host has that can deny a connect() before anything is sent: BPF programs of control groups, a security module.
std::vector<Suspect> suspects(const Story& story, const Connection& c, const Event& result) {
    std::vector<Suspect> found;
    const std::string group = group_of(story, result);
    for (const Event& event : story.environment) {
        const Environment& fact = *event.as<Environment>();
        if (fact.what == Environment::What::gone || fact.what == Environment::What::counted || event.time_ns > c.end_ns + 4'000'000'000) continue;
        if (!fact.of_host && event.witness != c.witness) continue;
        const bool of_group = fact.after.starts_with("cgroup address");  // says no, and the kernel makes EPERM of it
        if (of_group && !may_judge(fact.after, group)) continue;
        if (fact.topic == "bpf_program" && (of_group || fact.after.starts_with("security hook")))
            found.push_back({fmt::format("BPF program {} ({})", printable(fact.name), printable(fact.after)), &event, !of_group || c.error == EPERM});
        else if (fact.topic == "lsm" && fact.what != Environment::What::unreadable && found.size() < most_named)
            found.push_back({fmt::format("security module {} ({})", printable(fact.name), printable(fact.after)), &event});
    }
    return found;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    for (const Connection& c : story.with(trait::failed)) {
        if (c.is_listener() || c.embryonic || (c.error != EPERM && c.error != EACCES) || c.has(sign::syn_sent | sign::syn_out | sign::established | sign::no_route)) continue;
        const Event* result = failed_connect(c);
        if (!result) continue;
        const bool permission = c.error == EPERM;
        Finding f = about(id, Culprit::local_configuration, Certainty::likely, c, result->time_ns);
        prove(f, proofs[0]);
        const auto all = suspects(story, c, *result);
        const auto program = [](const Suspect& one) { return one.program; };
        const auto only = std::find_if(all.begin(), all.end(), program);
        const bool named = only != all.end() && std::find_if(only + 1, all.end(), program) == all.end();
        const std::string by = named ? only->text : "";
        f.headline = fmt::format("{}{}: connect() to {} was denied on this host with {}: {}", who(c), at_place(story, c), c.flow.peer.text(), errno_name(c.error),
                                 !by.empty() ? "most likely by " + by : permission ? "by a BPF program of its control group, a seccomp filter, or a security module" : "by a security module");
        f.reasons.push_back("nothing was sent: neither the network nor the peer has a part in it");
        for (std::size_t i = 0; i < all.size() && i < most_named; ++i) {
            f.reasons.push_back("there is " + all[i].text);
            cite(f, all[i].fact);
        }
        cite(f, result);
        f.fold_key = fmt::format("{}/{}/{}/{}", c.witness, c.owner.comm, c.flow.peer.text(), c.error);
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule connect_denied = {
    id, "this host denied connect() before anything was sent",
    "The kernel refused the call itself, with EPERM or EACCES. A BPF program of the process's control group (a container runtime, systemd's IPAddressDeny=, SocketBindDeny=), a seccomp filter, or a security module (SELinux, AppArmor, Landlock) "
    "does that. Nothing left the host.",
    "connect() returned EPERM or EACCES, the socket never went to SYN_SENT, and no route lookup failed. The finding names the BPF programs of the process's control group, or of one above it, and the security modules that the recorded "
    "configuration shows.",
    "Not no-route: a prohibit route gives EACCES too, and then the failed lookup is told. Not the packet filter: what it drops is sent again until a timeout (local-drop). Not an ICMP error that says prohibited "
    "(host-unreachable): there a SYN left.",
    "Look at the unit's IPAddressDeny= and RestrictNetworkInterfaces=, at the container's policy, at the audit log (ausearch -m avc, dmesg). bpftool cgroup tree shows the programs of each control group.",
    find,
    proofs,
};

}  // namespace tcpwitness
