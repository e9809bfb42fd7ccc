#include "cli/live_view.h"

#include <malloc.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "outputs/live.h"
#include "parsers/probe_names.h"

namespace tcpwitness {
namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t reorder_ns = 100 * ms;     // CPUs' records are in order by then
constexpr std::uint64_t judge_every_ns = 500 * ms;
constexpr std::uint64_t judge_again_ns = 100 * ms; // the soonest, where something has settled
constexpr std::uint64_t forget_every_ns = 1000 * ms;
constexpr std::uint64_t remember_ns = 30'000 * ms; // ended connections that a later finding may still be about
constexpr std::uint64_t remember_clean_ns = 3000 * ms;  // those that ended in good order, once there are many
constexpr std::size_t many = 10'000;
constexpr std::uint64_t rest = 3;  // looking takes a quarter of its thread's time at most: the rest is for what comes

/// A call is known when it has ended. Where its beginning would come behind later events, its end alone is told, with how long it took.
bool overtaken(const Event& event, std::uint64_t printed_ns) {
    const Call* call = event.as<Call>();
    return call && call->phase == Call::Phase::enter && !call->unfinished && event.time_ns < printed_ns;
}

std::uint64_t thread_processor_time_ns() {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(used.tv_nsec);
}

}  // namespace

LiveView::LiveView(const Metadata& metadata, LiveOptions options, Sink& out)
    : options_(std::move(options)), out_(out),
      correlator_(learnt(metadata), {options_.max_connections, 500, options_.max_connections}), decoder_(context_) {
    correlator_.goes_on();
}

const TraceInfo& LiveView::learnt(const Metadata& metadata) {
    for (const auto& [key, value] : metadata) context_.learn(key, value);
    return info_;
}

/// Witnesses and devices come up while it runs.
void LiveView::describe() {
    const Story& story = correlator_.story();
    if (!told_more_ && story.witnesses.size() == info_.witnesses.size() && story.interfaces.size() == info_.interfaces.size()) return;
    correlator_.describe(info_);
    told_more_ = false;
}

bool LiveView::record(const tw_head&, const void* data, std::size_t size) {
    const Status decoded = decoder_.decode(data, size, pending_);
    const bool unknown = std::exchange(context_.info().unknown_records, 0) != 0;
    if ((!decoded || unknown) && unreadable_++ == 0) unreadable_why_ = decoded ? "of an unknown kind" : decoded.error().message;
    return true;
}

void LiveView::meta(std::uint64_t, std::string_view key, std::string_view value) {
    context_.learn(key, value);
    told_more_ = true;
}

void LiveView::gap(std::uint64_t boot_ns, const tw_gap& gap, std::uint16_t) {
    Event event;
    event.time_ns = boot_ns;
    event.body = Gap{gap.from_ns, gap.to_ns, gap.lost, probe_name(gap.lost_probe)};
    pending_.push_back(std::move(event));
}

Status LiveView::tick(std::uint64_t boot_ns) {
    correlate_until(boot_ns - std::min(reorder_ns, boot_ns));
    if (boot_ns >= rested_ns_) {
        const std::uint64_t began = thread_processor_time_ns();
        look(boot_ns);
        rested_ns_ = boot_ns + rest * (thread_processor_time_ns() - began);
    }
    if (!out_.good()) return Error{"nobody reads the output any more"};
    return success();
}

/// Judges and forgets what is due.
void LiveView::look(std::uint64_t boot_ns) {
    const std::uint64_t since = boot_ns - judged_ns_;
    const bool settled = boot_ns >= announcer_.look_again_ns() && since >= judge_again_ns;
    if (settled || (changed_ && since >= judge_every_ns)) judge(boot_ns);
    if (boot_ns - forgotten_ns_ >= forget_every_ns) forget(boot_ns);
}

void LiveView::finish() {
    correlate_until(UINT64_MAX);
    correlator_.finish();
    print(announcer_.last(findings_now()));
}

/// Sorts keys instead of events, and keeps its vectors: this runs many times a second, with many thousand events where the host is busy.
void LiveView::correlate_until(std::uint64_t boot_ns) {
    order_.clear();
    for (std::uint32_t i = 0; i < pending_.size(); ++i)
        if (pending_[i].time_ns <= boot_ns) order_.push_back({pending_[i].time_ns, i});
    if (order_.empty()) return;
    std::sort(order_.begin(), order_.end());
    changed_ = true;
    describe();
    std::vector<Event> shown;
    std::vector<ConnectionId> owners;
    for (const auto& [time_ns, place] : order_) {
        Event& event = pending_[place];
        event.id = next_id_++;
        if (!options_.every_event) {
            correlator_.add(std::move(event));
            continue;
        }
        correlator_.add(event);
        const Connection* owner = correlator_.find(event);
        owners.push_back(owner ? owner->id : 0);
        shown.push_back(std::move(event));
    }
    std::erase_if(pending_, [&](const Event& event) { return event.time_ns <= boot_ns; });
    print_events(shown, owners);
}

/// A packet may be claimed only later in the same batch; a record without cookie can be told apart only when it comes.
void LiveView::print_events(const std::vector<Event>& events, const std::vector<ConnectionId>& owners) {
    if (events.empty()) return;
    const Story& story = correlator_.story();
    const auto selected = selection(story, options_.filter);
    for (std::size_t i = 0; i < events.size(); ++i) {
        const Event& event = events[i];
        if (overtaken(event, printed_ns_)) continue;
        const Connection* owner = owners[i] ? story.connection(owners[i]) : correlator_.find(event);
        if (owner ? selected && !selected(*owner) : !options_.filter.flow(event.flow)) continue;
        out_.append(live_event_line(story, event, owner, options_.output, printed_ns_) + "\n");
        printed_ns_ = std::max(printed_ns_, event.time_ns);
    }
}

std::vector<Finding> LiveView::findings_now() {
    const Story& story = correlator_.story();
    return selected_findings(story, find_all(story), selection(story, options_.filter));
}

void LiveView::judge(std::uint64_t now_ns) {
    changed_ = false;
    judged_ns_ = now_ns;
    const auto findings = findings_now();
    if (correlator_.forgotten() != forgotten_) announcer_.rebase(findings, now_ns);  // it had to make room
    forgotten_ = correlator_.forgotten();
    print(announcer_.due(findings, now_ns));
}

void LiveView::print(std::vector<Finding> findings) {
    std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) { return a.last_ns < b.last_ns; });
    for (const Finding& finding : findings) {
        out_.append(live_line(correlator_.story(), finding, options_.output, printed_ns_) + "\n");
        printed_ns_ = std::max(printed_ns_, finding.last_ns);
    }
}

void LiveView::forget(std::uint64_t now_ns) {
    forgotten_ns_ = now_ns;
    if (changed_) judge(now_ns);  // what is about to be forgotten is counted before
    const auto before = [&](std::uint64_t span_ns) { return now_ns - std::min(now_ns, span_ns); };
    const bool crowded = correlator_.story().connections.size() > std::min(many, options_.max_connections / 4);
    const std::size_t gone = correlator_.forget_ended_before(before(remember_ns), crowded ? before(remember_clean_ns) : 0);
    compacted_ += correlator_.compact(before(remember_clean_ns));
    forgotten_ = correlator_.forgotten();
    if (gone && !announcer_.idle()) announcer_.rebase(findings_now(), now_ns);
    give_back(gone);
}

/// Not what it will need again in a second: only once far fewer connections are left than there were, many have become idle, or a burst
/// of events is over.
void LiveView::give_back(std::size_t gone) {
    const std::size_t left = correlator_.story().connections.size();
    most_held_ = std::max(most_held_, left + gone);
    const bool fewer = most_held_ > many && left < most_held_ / 2;
    const bool calm = pending_.capacity() > many && pending_.size() < pending_.capacity() / 8;
    if (calm) {
        pending_.shrink_to_fit();
        order_ = {};
    }
    if (!fewer && !calm && compacted_ < many) return;
    most_held_ = left;
    compacted_ = 0;
    malloc_trim(0);
}

}  // namespace tcpwitness
