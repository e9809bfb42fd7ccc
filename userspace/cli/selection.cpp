#include "cli/selection.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/verdict.h"

namespace tcpwitness {
namespace {

bool task_wanted(const Story& story, const Connection& connection, const Filter& filter) {
    if (!filter.by_task()) return true;
    if (filter.task(connection.owner)) return true;
    if (std::any_of(connection.users.begin(), connection.users.end(), [&](const Task& user) { return filter.task(user); })) return true;
    const Connection* listener = story.connection(connection.listener);
    return !connection.owner.known() && listener && filter.task(listener->owner);
}

}  // namespace

std::function<bool(const Connection&)> selection(const Story& story, const Filter& filter) {
    if (filter.empty()) return {};
    return [&story, filter](const Connection& connection) {
        const std::uint64_t offset = story.boot_to_wall_ns;
        if (filter.since_wall_ns && connection.end_ns + offset < *filter.since_wall_ns) return false;
        if (filter.until_wall_ns && connection.begin_ns + offset > *filter.until_wall_ns) return false;
        const std::uint32_t netns = connection.witness < story.witnesses.size() ? story.witnesses[connection.witness].netns : 0;
        return filter.namespace_wanted(netns) && filter.whole_flow(connection.flow) && task_wanted(story, connection, filter);
    };
}

std::vector<Finding> selected_findings(const Story& story, std::vector<Finding> findings,
                                       const std::function<bool(const Connection&)>& selected) {
    if (!selected) return findings;
    std::erase_if(findings, [&](const Finding& finding) {
        if (finding.connections.empty()) return false;
        return std::none_of(finding.connections.begin(), finding.connections.end(), [&](ConnectionId id) {
            const Connection* connection = story.connection(id);
            return connection && selected(*connection);
        });
    });
    return findings;
}

void select(Judgement& judged, const Story& story, const std::function<bool(const Connection&)>& selected, const std::string& said) {
    if (!selected) return;
    judged.findings = selected_findings(story, std::move(judged.findings), selected);
    judged.benign = selected_findings(story, std::move(judged.benign), selected);
    judged.verdict = verdict_of(story, judged, selected, said);
}

void add_recorded_filter(const Recording& info, Filter& filter) {
    // several values of one key are joined by commas in TraceInfo::meta
    if (const auto pids = info.meta.find("filter.pid"); pids != info.meta.end() && filter.pids.empty())
        for (const auto part : split(pids->second, ','))
            if (const auto pid = parse_number<std::uint32_t>(part)) filter.pids.push_back(*pid);
    if (const auto comms = info.meta.find("filter.comm"); comms != info.meta.end() && filter.comms.empty())
        for (const auto part : split(comms->second, ',')) filter.comms.emplace_back(part);
    for (const auto& [side, prefix] : {std::pair{Side::either, ""}, {Side::local, "local_"}, {Side::peer, "peer_"}}) {
        auto& ports = filter.ports[static_cast<int>(side)];
        auto& hosts = filter.hosts[static_cast<int>(side)];
        if (const auto key = info.meta.find(fmt::format("filter.{}port", prefix)); key != info.meta.end() && ports.empty())
            (void)parse_ports(key->second, ports);
        if (const auto key = info.meta.find(fmt::format("filter.{}host", prefix)); key != info.meta.end() && hosts.empty())
            for (const auto part : split(key->second, ',')) (void)parse_prefix(part, hosts);
    }
}

}  // namespace tcpwitness
