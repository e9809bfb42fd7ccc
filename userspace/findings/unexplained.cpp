#include "findings/unexplained.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/benign.h"
#include "findings/connect_given_up.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"
#include "findings/reset_in_packets.h"
#include "findings/trouble.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "unexplained";

/// What was dropped or sent again got through after all: the connection went on, or ended in good order.
bool made_good(const Connection& c, const std::vector<TroubleSign>& signs) {
    const bool only_loss = std::all_of(signs.begin(), signs.end(), [](const TroubleSign& one) { return one.what == Trouble::dropped || one.what == Trouble::stalled; });
    const bool stalled = std::any_of(signs.begin(), signs.end(), [](const TroubleSign& one) { return one.what == Trouble::stalled; });
    return only_loss && !stalled && c.has(sign::established) && (c.both_closed() || c.live());
}

/// Its own process took it back before an answer was due: a race of several addresses, a program that ended.
bool withdrawn(const Connection& c, const std::vector<TroubleSign>& signs) {
    const auto taken_back = [](const TroubleSign& one) { return one.what == Trouble::connect_failed || one.what == Trouble::reset; };
    const bool closed = std::any_of(signs.begin(), signs.end(), [](const TroubleSign& one) { return one.what == Trouble::connect_failed; });
    return closed && std::all_of(signs.begin(), signs.end(), taken_back) && !c.error && !c.live() && c.end_ns - c.begin_ns < answer_due_ns && !c.has(sign::syn_retransmit | sign::rst_in | sign::established);
}

/// A RST packet passed, its kernel neither sent nor took one, and both ends closed in good order later, or the connection goes on.
bool ignored(const Story& story, const Connection& c, const std::vector<TroubleSign>& signs) {
    if (by_packets(c) || !resets_told(story, c.witness) || c.error || c.has(sign::reset_sent | sign::reset_received) || !c.has(sign::established)) return false;
    if (!std::all_of(signs.begin(), signs.end(), [](const TroubleSign& one) { return one.what == Trouble::reset; })) return false;
    if (c.live()) return !c.has(sign::rst_out);  // one that left in this end's name may have cut off the other
    const std::uint64_t last_ns = signs.back().time_ns;
    return c.both_closed() && std::any_of(c.events.begin(), c.events.end(), [&](const Event& event) {
        const StateChange* change = event.as<StateChange>();
        return change && event.time_ns > last_ns && change->to != TcpState::close;
    });
}

Finding raise(const Story& story, const Connection& c, const std::vector<TroubleSign>& signs) {
    Finding f = about(id, Culprit::unknown, Certainty::possible, c, signs.back().time_ns);
    f.first_ns = signs.front().time_ns;
    const bool client = c.role == Role::client;
    f.headline = fmt::format("{}{}: {} {}: {}", who(c), at_place(story, c), client ? "the connection to" : "the connection of", c.flow.peer.text(), signs.front().text);
    for (std::size_t i = 1; i < signs.size(); ++i) f.reasons.push_back(signs[i].text);
    f.reasons.push_back("no rule explains it with what was recorded");
    for (const TroubleSign& one : signs) cite(f, one.event);
    if (f.evidence.empty() && !c.events.empty()) cite(f, &c.events.back());
    f.settle = on_this_host(c) ? "record again from before the trouble, with all probes (tcpwitness doctor)" : record_on(c.flow.peer.address) + ", from before the trouble until after it";
    f.fold_key = fmt::format("{}/{}/{}/{}", c.witness, c.owner.comm, (client ? c.flow.peer : c.flow.local).text(), name(signs.front().what));
    return f;
}

/// What a connection in trouble has one of.
constexpr std::uint64_t may_be_trouble = sign::rst_in | sign::rst_out | sign::reset_received | sign::reset_sent | sign::late_reset | sign::knock | sign::error | sign::retransmit | sign::dropped |
                                         trait::unopened | trait::packets_kept;

std::vector<Finding> find(const Story&) { return {}; }  // it needs to know what the others left: account_for_trouble()

}  // namespace

std::vector<Finding> account_for_trouble(const Story& story, const std::function<bool(ConnectionId)>& has_place) {
    std::vector<Finding> found;
    for (const Connection& c : story.with(may_be_trouble)) {
        if (has_place(c.id)) continue;
        const auto signs = trouble_of(story, c);
        if (const Connection* other = story.other_end(c); other && !signs.empty() && withdrawn(*other, trouble_of(story, *other))) {
            found.push_back(harmless(benign::withdrawn, id, c, signs.back().time_ns, between(story, *other)));
            continue;
        }
        if (signs.empty()) {
            if (c.has(sign::late_reset)) found.push_back(harmless(benign::late_reset, id, c, c.end_ns, between(story, c)));
            continue;
        }
        if (ignored(story, c, signs))
            found.push_back(harmless(benign::ignored_reset, id, c, signs.back().time_ns, between(story, c)));
        else if (made_good(c, signs))
            found.push_back(harmless(benign::loss_made_good, id, c, signs.back().time_ns, between(story, c)));
        else if (withdrawn(c, signs) || withdrawn_in_handshake(c))
            found.push_back(harmless(benign::withdrawn, id, c, signs.back().time_ns, between(story, c)));
        else
            found.push_back(raise(story, c, signs));
    }
    return found;
}

const Rule unexplained = {
    id, "a connection was in trouble, and no other rule explains it",
    "Something went wrong with the connection: it was refused, reset, given up, dropped or stuck. What was recorded does not say who caused it. The finding tells what was seen in plain words and judges nobody.",
    "A connect without success, an error that was reported, a RST, a handshake without end, dropped packets or repeated retransmits, and no other finding and no benign pattern about that connection.",
    "Not a clean connection: those are not listed. Not a verdict: culprit and cause are not known.",
    "Record on the other end at the same time, or with --segments and a filter on this connection. If what was seen has an obvious cause, tell the project: a rule is missing.",
    find,
};

}  // namespace tcpwitness
