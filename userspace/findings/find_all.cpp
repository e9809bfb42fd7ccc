#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "base/parallel.h"
#include "base/text.h"
#include "correlate/units.h"
#include "findings/device_facts.h"
#include "findings/excused.h"
#include "findings/facts.h"
#include "findings/hops.h"
#include "findings/interposers.h"
#include "findings/packets_alone.h"
#include "findings/several_points.h"
#include "findings/segments.h"
#include "findings/syn_proxy.h"
#include "findings/unexplained.h"
#include "findings/verdict.h"

namespace tcpwitness {

namespace {

constexpr std::size_t most_evidence = 256;
constexpr std::size_t most_connections = 10'000;

/// Two findings about one cause are one: what a later rule says of a connection that an earlier one explained is an effect, if it came after it.
class Claims {
public:
    explicit Claims(const Story& story) : story_(story) {}

    bool has(ConnectionId id) const { return by_.contains(id); }

    /// Takes the finding in, or makes it an effect of the one that its connection belongs to.
    void settle(Finding&& finding) {
        if (finding.state) return stand(std::move(finding));
        const ConnectionId about = finding.connections.empty() ? 0 : finding.connections.front();
        const auto claimed = about ? by_.find(about) : by_.end();
        if (claimed == by_.end()) return stand(std::move(finding));
        Finding& cause = standing_[claimed->second];
        if (finding.benign) return;  // told already, and worse
        if (cause.benign || !may_cause(cause, finding)) return stand(std::move(finding));
        if (cause.connections.size() <= 4) cause.reasons.push_back(fmt::format("its effect ({}): {}", finding.rule, finding.headline));
        if (cause.evidence.size() < most_evidence) cause.evidence.insert(cause.evidence.end(), finding.evidence.begin(), finding.evidence.end());
        cause.last_ns = std::max(cause.last_ns, finding.last_ns);
        cause.harm = std::max(cause.harm, finding.harm);
        for (const ConnectionId id : finding.connections) by_.emplace(id, claimed->second);
    }

    std::vector<Finding> take() { return std::move(standing_); }

private:
    void stand(Finding&& finding) {
        if (!finding.state && !finding.beside)
            for (const ConnectionId id : finding.connections) by_.emplace(id, standing_.size());
        standing_.push_back(std::move(finding));
    }

    /// A cause comes before its effect: the one place that decides it, by the events' times and what their clocks leave open.
    bool may_cause(const Finding& cause, const Finding& effect) const {
        const auto witness = [&](const Finding& f) {
            const Connection* c = f.connections.empty() ? nullptr : story_.connection(f.connections.front());
            return c ? c->witness : WitnessId{0};
        };
        const std::uint64_t onset = effect.onset_ns ? effect.onset_ns : effect.last_ns;
        return (cause.cause_ns ? cause.cause_ns : cause.first_ns) <= onset + story_.uncertainty_ns(witness(cause), witness(effect));
    }

    const Story& story_;
    std::vector<Finding> standing_;
    std::unordered_map<ConnectionId, std::size_t> by_;
};

void tidy(Finding& finding) {
    std::sort(finding.evidence.begin(), finding.evidence.end());
    finding.evidence.erase(std::unique(finding.evidence.begin(), finding.evidence.end()), finding.evidence.end());
    if (finding.evidence.size() > most_evidence) finding.evidence.resize(most_evidence);
}

/// The one that weighs most is told: the gravest, then the longest, not the first.
void fold_into(Finding& first, Finding&& again) {
    if (std::tie(again.harm, again.weight) > std::tie(first.harm, first.weight)) std::swap(first, again);
    first.count += again.count;
    first.first_ns = std::min(first.first_ns, again.first_ns);
    first.last_ns = std::max(first.last_ns, again.last_ns);
    for (const ConnectionId id : again.connections)
        if (first.connections.size() < most_connections) first.connections.push_back(id);
    if (first.evidence.size() < most_evidence) first.evidence.insert(first.evidence.end(), again.evidence.begin(), again.evidence.end());
}

std::vector<Finding> fold(std::vector<Finding> findings, const Story& story) {
    std::vector<Finding> folded;
    std::unordered_map<std::string, std::size_t> places;
    for (Finding& finding : findings) {
        const std::string key = fmt::format("{}\n{}\n{}\n{}", finding.benign ? finding.benign : finding.rule, name(finding.culprit), name(finding.certainty), finding.fold_key);
        const auto [at, fresh] = places.emplace(key, folded.size());
        if (fresh)
            folded.push_back(std::move(finding));
        else
            fold_into(folded[at->second], std::move(finding));
    }
    for (Finding& finding : folded) {
        tidy(finding);
        if (finding.count < 2 || finding.benign) continue;
        const std::uint64_t spread = finding.last_ns - finding.first_ns;
        finding.headline.insert(0, repeats_text(finding));
        finding.reasons.insert(finding.reasons.begin(),
                               fmt::format("{} times, first {} and last {} after the recording began, on average every {}; {} is told here", finding.count,
                                           duration_text(finding.first_ns > story.begin_ns ? finding.first_ns - story.begin_ns : 0),
                                           duration_text(finding.last_ns > story.begin_ns ? finding.last_ns - story.begin_ns : 0),
                                           duration_text(spread / (finding.count - 1)), finding.weight ? "the worst" : "the first"));
    }
    return folded;
}

}  // namespace

bool weighs_more(const Finding& a, const Finding& b) {
    const auto digits = [](std::uint64_t count) { return std::to_string(count).size(); };
    return std::tuple(a.harm, a.certainty, digits(a.count)) > std::tuple(b.harm, b.certainty, digits(b.count));
}

std::string repeats_text(const Finding& finding) {
    return finding.count < 2 ? "" : fmt::format("{} times in {}: ", finding.count, duration_text(finding.last_ns - finding.first_ns));
}

namespace {

/// What each rule finds by itself. Rules only read: where there is much to read, several do at once.
std::vector<std::vector<Finding>> find_each(const Story& story) {
    constexpr std::size_t much = 100'000;
    std::vector<std::vector<Finding>> found(rules().size());
    in_parallel(found.size(), story.in_trouble_or_over() < much ? 1 : spare_processors(), [&](std::size_t i) { found[i] = rules()[i].find(story); });
    return found;
}

/// The device that the connection's packets went through; "" where none was seen.
std::string device_of(const Story& story, const Connection& c) {
    for (const Event& event : c.events)
        if (event.as<Segment>()) return interface_name(story, event);
    return {};
}

/// Not the path: the host's own device was down or without carrier when packets of it got lost.
void name_own_device(Finding& f, const Story& story) {
    constexpr std::string_view about_loss[] = {"connect-timeout", "retransmission-timeout", "keepalive-timeout", "user-timeout", "idle-reset", "handshake-incomplete", "unexplained"};
    if (f.culprit != Culprit::path && f.culprit != Culprit::unknown) return;
    if (f.certainty == Certainty::proven || std::find(std::begin(about_loss), std::end(about_loss), f.rule) == std::end(about_loss)) return;
    const Connection* c = f.connections.empty() ? nullptr : story.connection(f.connections.front());
    if (!c || c->has(sign::rst_in)) return;
    const auto went = device_went(story, c->witness, f.first_ns, f.last_ns);
    const std::string used = went ? device_of(story, *c) : "";
    if (!went || (!used.empty() && used != printable(went->fact->as<Environment>()->name))) return;
    f.culprit = Culprit::local_configuration;
    f.certainty = Certainty::likely;
    f.headline += fmt::format(": {}", went->text);
    f.reasons.push_back(fmt::format("at that time, on {}: {}", place(story, c->witness), went->text));
    cite(f, went->fact);
}

/// Where both ends are on one host there is no peer host and, on its own address, no peer application.
void name_this_host(Finding& f, const Story& story) {
    if (f.culprit != Culprit::peer_host && f.culprit != Culprit::peer_application) return;
    const Connection* c = f.connections.empty() ? nullptr : story.connection(f.connections.front());
    if (!c) return;
    const Connection* other = story.other_end(*c);
    const bool own_address = on_this_host(*c);
    if (f.culprit == Culprit::peer_application) {
        if (own_address) f.culprit = Culprit::local_application;
    } else if (own_address && by_packets(*c) && c->has(sign::established)) {
        f.culprit = Culprit::local_application;  // a kernel resets no open connection by itself
    } else if (own_address || (other && !answered_for_another(story, *other) && !answered_for_another(story, *c) && story.same_host(other->witness, c->witness))) {
        f.culprit = Culprit::local_kernel;
    }
}

/// Whose container or service a process is that the headline names.
void name_units(Finding& f, const Story& story) {
    constexpr std::size_t most_ends = 4;
    std::vector<std::string> told;
    for (std::size_t i = 0; i < std::min(f.connections.size(), most_ends); ++i) {
        const Connection* c = story.connection(f.connections[i]);
        const std::string unit = c ? unit_of(story, *c) : "";
        if (unit.empty() || f.headline.find(who(*c)) == std::string::npos) continue;
        std::string text = fmt::format("{} runs in {}{}", who(*c), printable(unit), at_place(story, *c));
        if (std::find(told.begin(), told.end(), text) == told.end()) told.push_back(std::move(text));
    }
    f.reasons.insert(f.reasons.end(), told.begin(), told.end());
}

/// A rule that advises to record on another host does not know which were recorded: where that one was, something else has to settle it.
void advise_what_is_left(Finding& f, const Story& story, std::optional<Homes>& homes) {
    constexpr std::string_view advice = "record on ", when = " at the same time";
    const auto end = f.settle.find(when);
    if (!f.settle.starts_with(advice) || end == std::string::npos || f.connections.empty()) return;
    const auto address = Address::parse(f.settle.substr(advice.size(), end - advice.size()));
    const Connection* c = story.connection(f.connections.front());
    if (!address || !c) return;
    if (!homes) homes.emplace(story);
    const auto home = homes->of(*address, c->witness);
    if (!home || story.blind(*home, Evidence::sockets, c->witness, f.first_ns, f.last_ns) == Blind::outside) return;
    f.settle = segments_recorded(story, *home) ? fmt::format("{} was recorded too, and does not tell: look at what its process and its kernel's counters say of that time (ss -ti, nstat)", place(story, *home))
                                               : fmt::format("{} was recorded too: record both again with `--segments`, which tells what became of each segment", place(story, *home));
}

/// Who is to blame for a state, the finding tells that most of its connections belong to: the state itself judges nobody.
void name_cause_of_states(std::vector<Finding>& standing) {
    std::unordered_map<ConnectionId, const Finding*> by;
    for (const Finding& f : standing)
        if (!f.state && !f.beside && !f.benign)
            for (const ConnectionId id : f.connections) by.emplace(id, &f);
    for (Finding& state : standing) {
        if (!state.state) continue;
        std::map<std::tuple<Certainty, Culprit, std::string>, std::pair<std::size_t, const Finding*>> verdicts;
        for (const ConnectionId id : state.connections)
            if (const auto cause = by.find(id); cause != by.end()) {
                auto& [count, example] = verdicts[{cause->second->certainty, cause->second->culprit, cause->second->rule}];
                if (count++ == 0) example = cause->second;
            }
        const auto most = std::max_element(verdicts.begin(), verdicts.end(), [](const auto& a, const auto& b) { return a.second.first < b.second.first; });
        if (most == verdicts.end()) {
            state.certainty = Certainty::possible;
            if (state.settle.empty()) state.settle = "see what became of the single connects";
            continue;
        }
        const Finding& why = *most->second.second;
        state.culprit = why.culprit;
        state.certainty = std::min(state.certainty, why.certainty);
        if (state.certainty != Certainty::proven && state.settle.empty()) state.settle = why.settle;
        state.reasons.push_back(fmt::format("why: {}, {}", why.rule, name(why.certainty)));
    }
}

Judgement without_verdict(const Story& story, const std::function<bool(const Finding&)>& told) {
    Claims claims(story);
    Excused excused(story);
    const auto settle = [&](std::vector<Finding> found) {
        std::erase_if(found, [&](const Finding& finding) { return excused.covers(finding); });
        std::sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) { return a.first_ns < b.first_ns; });
        for (Finding& finding : found) claims.settle(std::move(finding));
    };
    for (std::vector<Finding>& found : find_each(story)) settle(std::move(found));
    for (Finding& one : excused.take())
        if (!claims.has(one.connections.front())) claims.settle(std::move(one));  // else it belongs to a finding about others as well
    settle(account_for_trouble(story, [&](ConnectionId id) {
        if (claims.has(id)) return true;
        const Connection* c = story.connection(id);
        const Connection* other = c ? story.other_end(*c) : nullptr;
        return other && claims.has(other->id);  // told of the other end of the same session
    }));
    std::vector<Finding> standing = claims.take();
    join_points(story, standing);
    join_hops(story, standing);
    join_beside(story, standing);
    name_interposers(story, standing);
    std::optional<Homes> homes;
    for (Finding& finding : standing) {
        check_proof(finding, story);
        name_own_device(finding, story);
        name_this_host(finding, story);
        name_units(finding, story);
        advise_what_is_left(finding, story, homes);
    }
    name_cause_of_states(standing);
    if (told) std::erase_if(standing, [&](const Finding& finding) { return !told(finding); });
    Judgement judged;
    std::vector<Finding> all = fold(std::move(standing), story);
    std::stable_sort(all.begin(), all.end(), [](const Finding& a, const Finding& b) { return a.first_ns < b.first_ns; });
    for (Finding& finding : all) (finding.benign ? judged.benign : judged.findings).push_back(std::move(finding));
    return judged;
}

}  // namespace

Judgement judge(const Story& story, const std::function<bool(const Finding&)>& told) {
    Judgement judged = without_verdict(story, told);
    judged.verdict = verdict_of(story, judged);
    return judged;
}

std::vector<Finding> find_all(const Story& story) { return without_verdict(story, {}).findings; }

}  // namespace tcpwitness
