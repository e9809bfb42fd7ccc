#include "cli/live_view.h"

#include <algorithm>

#include "outputs/live.h"
#include "parsers/probe_names.h"

namespace tcpwitness {
namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t reorder_ns = 100 * ms;     // CPUs' records are in order by then
constexpr std::uint64_t settle_ns = 1000 * ms;     // both ends of a session have had their say by then
constexpr std::uint64_t judge_every_ns = 500 * ms;
constexpr std::uint64_t remember_ns = 30'000 * ms; // ended connections that a later finding may still be about
constexpr std::uint64_t repeat_every_ns = 10'000 * ms;

TraceInfo described(const Metadata& metadata) {
    TraceInfo info;
    TraceContext context(info);
    for (const auto& [key, value] : metadata) context.learn(key, value);
    return info;
}

}  // namespace

LiveView::LiveView(const Metadata& metadata, LiveOptions options, Sink& out)
    : options_(std::move(options)), out_(out),
      correlator_(described(metadata), {options_.max_connections, 500, options_.max_connections}),
      context_(correlator_.story().info), decoder_(context_) {
    for (const auto& [key, value] : metadata) context_.learn(key, value);
}

void LiveView::record(const tw_head&, const void* data, std::size_t size) {
    // a record that this program's own kernel side made decodes; one that does not would be a defect, and the decoder counts it
    (void)decoder_.decode(data, size, pending_);
}

void LiveView::meta(std::uint64_t, std::string_view key, std::string_view value) { context_.learn(key, value); }

void LiveView::gap(std::uint64_t boot_ns, const tw_gap& gap, std::uint16_t) {
    Event event;
    event.time_ns = boot_ns;
    event.body = Gap{gap.from_ns, gap.to_ns, gap.lost, probe_name(gap.lost_probe)};
    pending_.push_back(std::move(event));
}

Status LiveView::tick(std::uint64_t boot_ns) {
    correlate_until(boot_ns - reorder_ns);
    if (boot_ns - judged_ns_ >= judge_every_ns) {
        judged_ns_ = boot_ns;
        if (changed_) judge(boot_ns - settle_ns);
        if (boot_ns - forgotten_ns_ >= 1000 * ms) {
            forgotten_ns_ = boot_ns;
            correlator_.forget_ended_before(boot_ns - remember_ns);
        }
    }
    if (!out_.good()) return Error{"nobody reads the output any more"};
    return success();
}

void LiveView::finish() {
    correlate_until(UINT64_MAX);
    correlator_.finish();
    judge(UINT64_MAX);
}

void LiveView::correlate_until(std::uint64_t boot_ns) {
    std::stable_sort(pending_.begin(), pending_.end(), [](const Event& a, const Event& b) { return a.time_ns < b.time_ns; });
    const auto ripe = std::find_if(pending_.begin(), pending_.end(), [&](const Event& event) { return event.time_ns > boot_ns; });
    if (ripe == pending_.begin()) return;
    std::vector<Event> now(std::make_move_iterator(pending_.begin()), std::make_move_iterator(ripe));
    pending_.erase(pending_.begin(), ripe);
    changed_ = true;
    std::vector<ConnectionId> owners;
    for (Event& event : now) {
        event.id = next_id_++;
        correlator_.add(event);
        if (!options_.every_event) continue;
        const Connection* owner = correlator_.find(event);
        owners.push_back(owner ? owner->id : 0);
    }
    if (options_.every_event) print_events(now, owners);
}

/// A packet may be claimed only later in the same batch; a record without cookie can be told apart only when it comes.
void LiveView::print_events(const std::vector<Event>& events, const std::vector<ConnectionId>& owners) {
    const Story& story = correlator_.story();
    const auto selected = selection(story, options_.filter);
    for (std::size_t i = 0; i < events.size(); ++i) {
        const Event& event = events[i];
        const Connection* owner = owners[i] ? story.connection(owners[i]) : correlator_.find(event);
        if (owner ? selected && !selected(*owner) : !options_.filter.flow(event.flow)) continue;
        out_.append(live_event_line(story, event, owner, options_.output) + "\n");
    }
}

void LiveView::judge(std::uint64_t settled_ns) {
    changed_ = false;
    const Story& story = correlator_.story();
    const auto selected = selection(story, options_.filter);
    for (const Finding& finding : selected_findings(story, find_all(story), selected)) {
        if (finding.last_ns > settled_ns) {
            changed_ = true;  // look again when it has settled
            continue;
        }
        if (worth_saying(finding)) out_.append(live_line(story, finding, options_.output) + "\n");
    }
}

/// A finding is said when it is new, when it has become surer, and now and then while it repeats.
bool LiveView::worth_saying(const Finding& finding) {
    const std::string key = finding.rule + '\0' + finding.fold_key + '\0' +
                            (finding.fold_key.empty() && !finding.connections.empty() ? std::to_string(finding.connections.front()) : "");
    const auto [said, first] = said_.try_emplace(key);
    const bool surer = finding.certainty > said->second.certainty;
    const bool more = finding.count > said->second.count && finding.last_ns - said->second.at_ns >= repeat_every_ns;
    if (!first && !surer && !more) return false;
    if (first) ++findings_;
    said->second = {finding.count, finding.last_ns, finding.certainty};
    return true;
}

}  // namespace tcpwitness
