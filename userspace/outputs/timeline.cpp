#include "outputs/timeline.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "model/describe.h"
#include "outputs/heading.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t slack_ns = 50'000'000;   // a packet of a flow may pass another host a little before or after
constexpr std::size_t head_events = 40, tail_events = 40;
constexpr std::size_t gap_lines = 10;
constexpr std::uint64_t pause_ns = 100'000'000;

bool used_by(const Story& story, const ShownSession& session, const Event& exit) {
    const Task& task = exit.as<ProcessExit>()->task;
    for (const Connection* end : session.ends) {
        if (!story.same_host(end->witness, exit.witness)) continue;
        if (end->owner.pid == task.pid) return true;
        for (const Task& user : end->users)
            if (user.pid == task.pid) return true;
    }
    return false;
}

/// The peer's own link-layer address, or a neighbour that did not answer while the session was in trouble: that may be its next hop.
bool matters(const ShownSession& session, const Event& event) {
    const Neighbour& neighbour = *event.as<Neighbour>();
    return std::any_of(session.ends.begin(), session.ends.end(), [&](const Connection* end) {
        if (end->witness != event.witness) return false;
        return event.flow.peer.address == end->flow.peer.address || (neighbour.what == Neighbour::What::failed && end->has(sign::dropped | sign::error));
    });
}

/// What stands in the column that tells the ends apart: the witness, or the role where one witness holds both.
class Who {
public:
    Who(const Story& story, const ShownSession& session) : story_(story), session_(session) {
        by_role_ = session.ends.size() > 1 && session.ends[0]->witness == session.ends[1]->witness;
        for (const Connection* end : session.ends)
            for (const Event& event : end->events) ends_[event.id] = end;
    }

    bool shown() const { return by_role_ || story_.witnesses.size() > 1; }
    const Connection* end(const Event& event) const {
        const auto found = ends_.find(event.id);
        return found == ends_.end() ? nullptr : found->second;
    }
    std::string text(const Event& event) const {
        if (const Connection* own = end(event); own && by_role_) return role_text(*own);
        if (event.as<Gap>()) return {};
        return witness_text(story_, event.witness);
    }

private:
    const Story& story_;
    const ShownSession& session_;
    bool by_role_ = false;
    std::map<std::uint64_t, const Connection*> ends_;
};

/// Seconds with a sign and six digits, as in "+7.168023".
std::string seconds(std::uint64_t from_ns, std::uint64_t to_ns) {
    const bool before = to_ns < from_ns;
    const std::uint64_t us = (before ? from_ns - to_ns : to_ns - from_ns) / 1000;
    return fmt::format("{}{}.{:06}", before ? '-' : '+', us / 1'000'000, us % 1'000'000);
}

/// "[1]", "[1,3]": the findings that this event proves.
std::string numbers_text(const Plan& plan, const Event& event) {
    const auto found = plan.evidence.find(event.id);
    return found == plan.evidence.end() ? "" : fmt::format("[{}]", fmt::join(found->second, ","));
}

/// Widths of the columns that depend on what is in them.
struct Columns {
    std::size_t numbers = 0, elapsed = 11, last = 10, who = 0;

    Columns(const Plan& plan, const std::vector<const Event*>& events, const Who& who_column, std::uint64_t begin_ns) {
        for (const Event* event : events) {
            numbers = std::max(numbers, numbers_text(plan, *event).size());
            elapsed = std::max(elapsed, seconds(begin_ns, event->time_ns).size());
            if (who_column.shown()) who = std::max(who, display_width(who_column.text(*event)));
        }
        last = std::max(last, elapsed - 1);
    }
    std::string gap() const { return numbers ? "  " : ""; }
};

std::string title(const Columns& columns, bool with_who) {
    std::string text = "  " + std::string(columns.numbers, ' ') + columns.gap();
    text += pad_right("time", 15) + "  " + pad_left("since start", columns.elapsed) + "  " + pad_left("since last", columns.last) + "  ";
    if (with_who) text += pad_right("who", columns.who) + "  ";
    return text + "layer  what happened";
}

}  // namespace

std::vector<const Event*> session_events(const Story& story, const ShownSession& session) {
    std::vector<const Event*> events;
    for (const Connection* end : session.ends)
        for (const Event& event : end->events) events.push_back(&event);
    const std::uint64_t begin = session.begin_ns(), end = session.end_ns();

    const Flow& flow = session.ends.front()->flow;
    if (flow.complete())
        for (const Event* event : story.unmatched_events(flow))
            if (event->time_ns + slack_ns >= begin && event->time_ns <= end + slack_ns) events.push_back(event);
    for (const Event& event : story.process_exits) {
        if (event.time_ns >= begin && event.time_ns <= end && used_by(story, session, event)) events.push_back(&event);
    }
    for (const Event& event : story.neighbours)
        if (event.time_ns >= begin && event.time_ns <= end + slack_ns && matters(session, event)) events.push_back(&event);
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

void write_timeline(const Story& story, const Plan& plan, const ShownSession& session, const WallClock& clock, const OutputOptions& options,
                    Sink& sink) {
    const Paint paint(options.colour);
    const std::vector<const Event*> events = session_events(story, session);
    const Who who(story, session);
    const std::uint64_t begin = session.begin_ns();
    const Columns columns(plan, events, who, begin);
    sink.append(paint.dim(title(columns, who.shown())) + "\n");

    std::string day = clock.date(story.begin_ns);
    std::uint64_t previous = begin;
    std::size_t burst = 0, left_out = 0, left_out_noteworthy = 0;
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
        const bool waited = event.time_ns >= previous + pause_ns;
        if (waited && burst >= 3) sink.append("\n");  // a pause is seen as one
        burst = waited ? 1 : burst + 1;
        if (const std::string today = clock.date(event.time_ns); today != day) {
            day = today;
            sink.append(paint.dim("  " + day) + "\n");
        }
        const std::string since_last = pad_left(seconds(previous, event.time_ns), columns.last);
        std::string line = marked ? paint.strong_red("! ") : "  ";
        line += paint.yellow(pad_right(numbers_text(plan, event), columns.numbers)) + columns.gap();
        line += paint.dim(clock.time(event.time_ns) + "  " + pad_left(seconds(begin, event.time_ns), columns.elapsed)) + "  ";
        line += (waited ? paint.bold(since_last) : paint.dim(since_last)) + "  ";
        if (who.shown()) line += pad_right(who.text(event), columns.who) + "  ";
        const std::string said = sentence_within(event, who.end(event));
        line += pad_right(name(layer(event)), 5) + "  " + (marked ? paint.red(said) : said);
        sink.append(line + "\n");
        previous = event.time_ns;
    }
    for (const Connection* end : session.ends)
        if (end->events_dropped)
            sink.append(fmt::format("  {} of #{} were not kept\n", count_text(end->events_dropped, "further event", "further events"), end->id));
}

}  // namespace tcpwitness
