#include "outputs/plan.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>
#include <tuple>

namespace tcpwitness {

namespace {

constexpr std::size_t small_sessions = 5;   // a trace that is readable whole
constexpr std::size_t small_events = 200;
constexpr std::size_t most_listed = 200;
constexpr std::size_t full_of_a_group = 3, lines_of_a_group = 12;   // findings that read alike
constexpr std::size_t timelines_of_a_group = 2;
constexpr std::size_t shown_per_finding = 4;  // sessions whose timelines stand for a finding about many

bool wanted(const Connection& connection, const OutputOptions& options) { return !options.selected || options.selected(connection); }

std::vector<ShownSession> sessions(const Story& story, const OutputOptions& options) {
    std::vector<ShownSession> all;
    for (const Connection& connection : story.connections) {
        const Connection* other = story.other_end(connection);
        const bool paired = other && other != &connection;
        if (!wanted(connection, options) && !(paired && wanted(*other, options))) continue;
        if (paired && other->id < connection.id) continue;  // came with its other end
        ShownSession session;
        session.ends.push_back(&connection);
        if (paired) session.ends.push_back(other);
        if (paired && connection.role == Role::server) std::swap(session.ends[0], session.ends[1]);
        all.push_back(std::move(session));
    }
    return all;
}

/// The connections whose timelines show what a finding is about.
std::set<ConnectionId> shown_in_full(const Story& story, const Plan& plan, bool all) {
    std::set<ConnectionId> shown;
    std::map<GroupKey, std::size_t> of_group;
    for (std::size_t i = 0; i < plan.findings.size(); ++i) {
        const Finding* finding = plan.findings[i];
        if (plan.listing[i] != Listing::full || (++of_group[group(*finding)] > timelines_of_a_group && !all)) continue;
        std::size_t left = finding->count > 1 ? 1 : shown_per_finding;
        for (const ConnectionId id : finding->connections) {
            if (left == 0) break;
            const Connection* connection = story.connection(id);
            if (!connection || !shown.insert(id).second) continue;
            const Connection* other = story.other_end(*connection);
            if (other) shown.insert(other->id);
            --left;
        }
    }
    return shown;
}

std::map<ConnectionId, std::vector<std::size_t>> numbers_by_connection(std::span<const Finding* const> findings) {
    std::map<ConnectionId, std::vector<std::size_t>> numbers;
    for (std::size_t i = 0; i < findings.size(); ++i)
        if (!findings[i]->state)
            for (const ConnectionId id : findings[i]->connections) numbers[id].push_back(i + 1);
    return numbers;
}

bool unusual(const ShownSession& session) {
    return !session.findings.empty() || std::any_of(session.ends.begin(), session.ends.end(), [](const Connection* end) {
        return end->ending != Ending::closed && end->ending != Ending::open && end->ending != Ending::unknown;
    });
}

/// Of very many, those stay that end unusually, then the first.
void count_most(Plan& plan) {
    std::vector<ShownSession>& brief = plan.brief;
    if (brief.size() <= most_listed) return;
    const auto usual = static_cast<std::size_t>(std::count_if(brief.begin(), brief.end(), [](const ShownSession& session) { return !unusual(session); }));
    std::size_t unusual_left = std::min(brief.size() - usual, most_listed), usual_left = most_listed - unusual_left;
    std::vector<ShownSession> listed;
    listed.reserve(most_listed);
    for (ShownSession& session : brief) {
        std::size_t& left = unusual(session) ? unusual_left : usual_left;
        if (left == 0) {
            ++plan.counted[session.ends.front()->ending];
            continue;
        }
        --left;
        listed.push_back(std::move(session));
    }
    brief = std::move(listed);
}

/// The finding that explains a state: about the same connections.
std::size_t cause_of(const Finding& state, const std::map<ConnectionId, std::vector<std::size_t>>& numbers) {
    for (const ConnectionId id : state.connections)
        if (const auto known = numbers.find(id); known != numbers.end()) return known->second.front();
    return 0;
}

void decide_listing(Plan& plan, const std::map<ConnectionId, std::vector<std::size_t>>& numbers, bool all) {
    std::map<GroupKey, std::size_t> of_group;
    for (std::size_t i = 0; i < plan.findings.size(); ++i) {
        const Finding& finding = *plan.findings[i];
        if (finding.state) {
            const std::size_t cause = cause_of(finding, numbers);
            plan.states[cause].push_back(i + 1);
            plan.listing.push_back(Listing::beside);
            continue;
        }
        const std::size_t before = of_group[group(finding)]++;
        plan.listing.push_back(all || before < full_of_a_group                       ? Listing::full
                               : before < full_of_a_group + lines_of_a_group ? Listing::line
                                                                             : Listing::counted);
    }
}

}  // namespace

GroupKey group(const Finding& finding) { return {finding.rule, finding.culprit, finding.certainty}; }

std::uint64_t ShownSession::begin_ns() const {
    std::uint64_t begin = ends.front()->begin_ns;
    for (const Connection* end : ends) begin = std::min(begin, end->begin_ns);
    return begin;
}

std::uint64_t ShownSession::end_ns() const {
    std::uint64_t last = 0;
    for (const Connection* end : ends) last = std::max(last, end->end_ns);
    return last;
}

std::vector<const Finding*> ranked(const Story& story, std::span<const Finding> findings, const OutputOptions& options) {
    std::vector<const Finding*> chosen;
    for (const Finding& finding : findings) {
        const bool about_selected = std::any_of(finding.connections.begin(), finding.connections.end(), [&](ConnectionId id) {
            const Connection* connection = story.connection(id);
            return connection && wanted(*connection, options);
        });
        if (!options.selected || finding.connections.empty() || about_selected) chosen.push_back(&finding);
    }
    std::stable_sort(chosen.begin(), chosen.end(), [](const Finding* a, const Finding* b) {
        if (a->state != b->state) return b->state;
        return weighs_more(*a, *b) || (!weighs_more(*b, *a) && a->first_ns < b->first_ns);
    });
    return chosen;
}

Plan make_plan(const Story& story, std::span<const Finding> findings, const OutputOptions& options) {
    Plan plan;
    plan.findings = ranked(story, findings, options);
    for (std::size_t i = 0; i < plan.findings.size(); ++i)
        if (!plan.findings[i]->state)
            for (const std::uint64_t id : plan.findings[i]->evidence) plan.evidence[id].push_back(i + 1);
    const auto numbers = numbers_by_connection(plan.findings);
    decide_listing(plan, numbers, options.all);
    if (options.findings_only) return plan;

    std::vector<ShownSession> all = sessions(story, options);
    std::size_t events = 0;
    for (const ShownSession& session : all)
        for (const Connection* end : session.ends) events += end->events.size();
    const bool everything = options.verbose || (all.size() <= small_sessions && events <= small_events);

    const auto shown = shown_in_full(story, plan, options.all);
    for (ShownSession& session : all) {
        std::set<std::size_t> of_session;
        bool full = everything;
        for (const Connection* end : session.ends) {
            full = full || shown.contains(end->id);
            if (const auto found = numbers.find(end->id); found != numbers.end()) of_session.insert(found->second.begin(), found->second.end());
        }
        session.findings.assign(of_session.begin(), of_session.end());
        const bool repeat = !session.findings.empty() && std::all_of(session.findings.begin(), session.findings.end(), [&](std::size_t number) {
            return plan.findings[number - 1]->count > 1 || plan.listing[number - 1] != Listing::full;
        });
        if (full)
            plan.full.push_back(std::move(session));
        else if (repeat && !options.all)
            ++plan.repeats;
        else
            plan.brief.push_back(std::move(session));
    }
    if (!options.all) count_most(plan);
    const auto first_finding = [](const ShownSession& session) { return session.findings.empty() ? SIZE_MAX : session.findings.front(); };
    std::stable_sort(plan.full.begin(), plan.full.end(),
                     [&](const ShownSession& a, const ShownSession& b) { return first_finding(a) < first_finding(b); });
    return plan;
}

}  // namespace tcpwitness
