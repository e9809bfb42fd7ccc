#include "cli/between.h"

#include <algorithm>
#include <cctype>
#include <unordered_set>

#include <fmt/format.h>

#include "base/text.h"
#include "correlate/markers.h"

namespace tcpwitness {

namespace {

constexpr std::size_t markers_named = 10;

/// No time begins so.
bool names_marker(const std::string& text) { return !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())); }

std::string known_text(const std::vector<Marker>& all) {
    if (all.empty()) return "nobody set any (tcpwitness mark NAME, or a ping, while it is recorded)";
    std::string names;
    for (std::size_t i = 0; i < all.size() && i < markers_named; ++i) names += (i ? ", " : "") + all[i].name;
    if (all.size() > markers_named) names += fmt::format(" and {} more", all.size() - markers_named);
    return "there are " + names;
}

/// `both`: the text stands for the other end too.
Result<std::uint64_t> point_in_time(const std::string& text, bool first, bool both, const std::vector<Marker>& all, const Story& story, const TimeBase& base,
                                    std::string& note) {
    if (names_marker(text)) {
        const Marker* marker = find_marker(all, text);
        if (!marker) return Error{fmt::format("--between: no marker '{}'; {}", printable(text), known_text(all))};
        if (marker->times_ns.size() > 1 && !both)
            note += fmt::format("{} was set {} times; the {} one counts\n", printable(marker->name), marker->times_ns.size(), first ? "first" : "last");
        else if (marker->times_ns.size() > 1 && first)
            note += fmt::format("{} was set {} times; what lies between the first and the last counts\n", printable(marker->name), marker->times_ns.size());
        return first ? marker->times_ns.front() : marker->times_ns.back();
    }
    const auto wall = parse_time(text, base);
    if (!wall) return Error{fmt::format("--between: {}, or the name of a marker", wall.error().message)};
    return *wall - std::min(*wall, story.boot_to_wall_ns);
}

std::unordered_set<std::uint64_t> events_between(const Story& story, const TimeSpan& span) {
    std::unordered_set<std::uint64_t> inside;
    const auto take = [&](const Event& event) {
        const Gap* gap = event.as<Gap>();
        const std::uint64_t from = gap ? gap->from_ns : event.time_ns, to = gap ? gap->to_ns : event.time_ns;
        if (to >= span.from_ns && from <= span.to_ns) inside.insert(event.id);
    };
    for (const Connection& connection : story.connections)
        for (const Event& event : connection.events) take(event);
    for (const auto* events : {&story.unmatched, &story.gaps, &story.process_exits, &story.neighbours, &story.repeats})
        for (const Event& event : *events) take(event);
    for (const Event& fact : story.environment) inside.insert(fact.id);  // how the host was set up holds until it changes
    return inside;
}

}  // namespace

Option between_option(Between& to) {
    Option option{0, "between", "FROM TO", "what lies between two markers: names that `tcpwitness mark` was told, ping:SIZE for an echo request with "
                                           "so many bytes of data, or times as --since takes them", {}};
    option.apply_two = [&to](const std::string& from, const std::string& until) -> Status {
        if (from.empty() || until.empty()) return Error{"an empty name is no marker"};
        to = {from, until};
        return success();
    };
    return option;
}

Result<TimeSpan> resolve(const Between& between, const Story& story, const TimeBase& base) {
    const std::vector<Marker> all = markers(story);
    TimeSpan span;
    const bool both = between.from == between.to;
    const auto from = point_in_time(between.from, true, both, all, story, base, span.note);
    if (!from) return from.error();
    const auto to = point_in_time(between.to, false, both, all, story, base, span.note);
    if (!to) return to.error();
    if (*to < *from) return Error{fmt::format("--between: '{}' is before '{}': nothing lies between them", printable(between.to), printable(between.from))};
    span.from_ns = *from;
    span.to_ns = *to;
    return span;
}

std::function<bool(const Finding&)> shows_between(const Story& story, const TimeSpan& span) {
    return [inside = events_between(story, span), span](const Finding& finding) {
        if (finding.last_ns < span.from_ns || finding.first_ns > span.to_ns) return false;
        return finding.evidence.empty() || std::any_of(finding.evidence.begin(), finding.evidence.end(), [&](std::uint64_t id) { return inside.contains(id); });
    };
}

void cut(Story& story, Judgement& judged, const TimeSpan& span) {
    const auto inside = events_between(story, span);
    for (std::vector<Finding>* each : {&judged.findings, &judged.benign}) {
        std::erase_if(*each, [&](const Finding& finding) { return finding.last_ns < span.from_ns || finding.first_ns > span.to_ns; });
        for (Finding& finding : *each) {
            const std::size_t outside = std::erase_if(finding.evidence, [&](std::uint64_t id) { return !inside.contains(id); });
            if (outside && finding.first_ns < span.from_ns)
                finding.reasons.push_back(fmt::format("it began {} before the time that was asked for: {} of its events {} outside", duration_text(span.from_ns - finding.first_ns), outside,
                                                      outside == 1 ? "lies" : "lie"));
        }
    }
    story.keep_only(span.from_ns, span.to_ns);
}

}  // namespace tcpwitness
