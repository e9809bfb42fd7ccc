#include "outputs/timeline.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "model/describe.h"
#include "outputs/heading.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t slack_ns = 50'000'000;   // a packet of a flow may pass another host a little before or after
constexpr std::size_t head_events = 40, tail_events = 40;
constexpr std::size_t gap_lines = 10;

bool used_by(const Session& session, const Task& task) {
    for (const Connection* end : session.ends) {
        if (end->owner.pid == task.pid) return true;
        for (const Task& user : end->users)
            if (user.pid == task.pid) return true;
    }
    return false;
}

/// What stands in the column that tells the ends apart: the witness, or the role where one witness holds both.
class Who {
public:
    Who(const Story& story, const Session& session) : story_(story), session_(session) {
        by_role_ = session.ends.size() > 1 && session.ends[0]->witness == session.ends[1]->witness;
        if (!by_role_ && story.info.witnesses.size() <= 1) return;
        for (const Connection* end : session.ends)
            for (const Event& event : end->events) ends_[event.id] = end;
    }

    bool shown() const { return by_role_ || story_.info.witnesses.size() > 1; }
    std::string text(const Event& event) const {
        const auto found = ends_.find(event.id);
        if (by_role_ && found != ends_.end()) return role_text(*found->second);
        if (event.as<Gap>()) return {};
        return witness_text(story_, event.witness);
    }

private:
    const Story& story_;
    const Session& session_;
    bool by_role_ = false;
    std::map<std::uint64_t, const Connection*> ends_;
};

/// Seconds with a sign and six digits, as in "+7.168023".
std::string seconds(std::uint64_t from_ns, std::uint64_t to_ns) {
    const bool before = to_ns < from_ns;
    const std::uint64_t us = (before ? from_ns - to_ns : to_ns - from_ns) / 1000;
    return fmt::format("{}{}.{:06}", before ? '-' : '+', us / 1'000'000, us % 1'000'000);
}

std::string numbers_text(const Plan& plan, const Event& event) {
    std::string text;
    if (const auto found = plan.evidence.find(event.id); found != plan.evidence.end())
        for (const std::size_t number : found->second) text += fmt::format(" [{}]", number);
    return text;
}

}  // namespace

std::vector<const Event*> session_events(const Story& story, const Session& session) {
    std::vector<const Event*> events;
    for (const Connection* end : session.ends)
        for (const Event& event : end->events) events.push_back(&event);
    const std::uint64_t begin = session.begin_ns(), end = session.end_ns();

    const Flow& flow = session.ends.front()->flow;
    if (flow.complete())
        for (const Event* event : story.unmatched_packets(flow))
            if (event->time_ns + slack_ns >= begin && event->time_ns <= end + slack_ns) events.push_back(event);
    for (const Event& event : story.process_exits) {
        const auto* exit = event.as<ProcessExit>();
        if (exit && event.time_ns >= begin && event.time_ns <= end && used_by(session, exit->task)) events.push_back(&event);
    }
    std::size_t gaps = 0;
    for (const Event& event : story.gaps) {
        const auto* gap = event.as<Gap>();
        if (!gap || gap->to_ns < begin || gap->from_ns > end) continue;
        if (++gaps > gap_lines) break;
        events.push_back(&event);
    }
    std::sort(events.begin(), events.end(),
              [](const Event* a, const Event* b) { return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->id < b->id; });
    events.erase(std::unique(events.begin(), events.end(), [](const Event* a, const Event* b) { return a->id == b->id; }), events.end());
    return events;
}

void write_timeline(const Story& story, const Plan& plan, const Session& session, const WallClock& clock, const OutputOptions& options, Sink& sink) {
    const Paint paint(options.colour);
    const std::vector<const Event*> events = session_events(story, session);
    const Who who(story, session);
    const std::uint64_t begin = session.begin_ns();

    std::size_t who_width = 0, elapsed_width = 9;
    for (const Event* event : events) {
        if (who.shown()) who_width = std::max(who_width, display_width(who.text(*event)));
        elapsed_width = std::max(elapsed_width, seconds(begin, event->time_ns).size());
    }
    const std::string who_title = who.shown() ? pad_right("who", who_width) + "  " : "";
    sink.append(paint.dim(fmt::format("  {:15}  {:>{}}  {:>{}}  {}{:5}  {}", "time", "since start", std::max<std::size_t>(elapsed_width, 11),
                                      "since last", std::max<std::size_t>(elapsed_width, 10), who_title, "layer", "what happened")) + "\n");

    std::string day = clock.date(story.begin_ns);
    std::uint64_t previous = begin;
    std::size_t left_out = 0, left_out_noteworthy = 0;
    for (std::size_t i = 0; i < events.size() && sink.good(); ++i) {
        const Event& event = *events[i];
        const bool marked = noteworthy(event);
        const bool middle = i >= head_events && i + tail_events < events.size();
        if (middle && !options.verbose && !plan.evidence.contains(event.id)) {
            ++left_out;
            left_out_noteworthy += marked;
            continue;
        }
        if (left_out) {
            sink.append(paint.dim(fmt::format("  ... {} left out, {} of them marked !; -v shows them", count_text(left_out, "event", "events"),
                                              left_out_noteworthy)) + "\n");
            left_out = left_out_noteworthy = 0;
        }
        if (const std::string today = clock.date(event.time_ns); today != day) {
            day = today;
            sink.append(paint.dim("  " + day) + "\n");
        }
        std::string line = paint.dim(fmt::format("{}  {:>{}}  {:>{}}", clock.time(event.time_ns), seconds(begin, event.time_ns),
                                                 std::max<std::size_t>(elapsed_width, 11), seconds(previous, event.time_ns),
                                                 std::max<std::size_t>(elapsed_width, 10)));
        line += "  ";
        if (who.shown()) line += pad_right(who.text(event), who_width) + "  ";
        line += fmt::format("{:5}  ", name(layer(event)));
        line += marked ? paint.red(sentence(event)) : sentence(event);
        line += paint.yellow(numbers_text(plan, event));
        sink.append((marked ? paint.strong_red("! ") : "  ") + line + "\n");
        previous = event.time_ns;
    }
    for (const Connection* end : session.ends)
        if (end->events_dropped)
            sink.append(fmt::format("  {} of #{} were not kept\n", count_text(end->events_dropped, "further event", "further events"), end->id));
}

}  // namespace tcpwitness
