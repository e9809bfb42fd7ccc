#include "findings/raw_handshake.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/benign.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

constexpr std::size_t many = 10;  ///< who asks so many doors looks for open ones

bool resets_syn_ack(const Event& event) {
    const ResetSent* reset = event.as<ResetSent>();
    constexpr std::uint8_t both = tcp_flag::syn | tcp_flag::ack;
    return reset && !reset->has_socket && !reset->firewall_hook && reset->answers_segment && (reset->segment_flags & both) == both;
}

/// The SYN that was answered so left this host and had not come in there: it was made here.
const Event* own_syn(const Story& story, const Event& reset) {
    const Event* syn = nullptr;
    for (const Event* packet : story.unmatched_packets(reset.flow)) {
        const Segment& segment = *packet->as<Segment>();
        if (packet->witness != reset.witness || !segment.syn() || segment.seq + 1 != reset.as<ResetSent>()->ack || packet->time_ns > reset.time_ns) continue;
        if (!segment.outgoing) return nullptr;
        if (!syn) syn = packet;
    }
    return syn;
}

/// A socket of this host had asked, and was closed before the answer came; or still waits for one from elsewhere.
bool had_socket(const Story& story, const Event& reset) {
    const auto there = story.at_port(reset.witness, reset.flow.local.port);
    return std::any_of(there.begin(), there.end(), [&](const Connection* c) { return c->flow.local == reset.flow.local && c->role == Role::client && c->begin_ns <= reset.time_ns; });
}

struct Tool {
    std::vector<const Event*> syns, resets;
    std::set<Endpoint> doors;
};

}  // namespace

std::vector<Finding> raw_handshakes(const Story& story, const char* rule) {
    std::set<WitnessId> flooded;  // what comes so fast is told as a flood, by reset-sent itself
    for (const Event& event : story.repeats)
        if (event.as<Repeats>()->what == Repeats::What::reset_sent) flooded.insert(event.witness);
    std::map<std::pair<WitnessId, Address>, Tool> tools;  ///< by the address that it sends from
    for (const Event& event : story.unmatched) {
        if (!resets_syn_ack(event) || flooded.contains(event.witness)) continue;
        const Event* syn = own_syn(story, event);
        if (!syn || had_socket(story, event)) continue;
        Tool& tool = tools[{event.witness, event.flow.local.address}];
        tool.syns.push_back(syn);
        tool.resets.push_back(&event);
        tool.doors.insert(event.flow.peer);
    }
    std::vector<Finding> found;
    for (const auto& [where, tool] : tools) {
        const Event& example = *tool.resets.front();
        const std::string door = tool.doors.size() == 1 ? tool.doors.begin()->text() : count_text(tool.doors.size(), "address and port", "addresses and ports");
        const std::string on = story.witnesses.size() > 1 ? " on " + place(story, where.first) : "";
        Finding f;
        f.rule = rule;
        f.culprit = Culprit::local_kernel;
        f.certainty = Certainty::likely;
        f.first_ns = tool.syns.front()->time_ns;
        f.last_ns = tool.resets.back()->time_ns;
        if (tool.doors.size() >= many) {
            f.benign = benign::scan;
            f.headline = fmt::format("{}{} -> {}, with SYNs that no socket sent", where.second.text(), on, door);
        } else {
            f.headline = fmt::format("the kernel{} reset {} of {} with {}: no socket there had sent the SYN, a program had made it itself", on, count_text(tool.resets.size(), "handshake", "handshakes"),
                                     where.second.text(), door);
            f.reasons.push_back(fmt::format("the SYN of {} left{}, and its kernel found no connection for the SYN-ACK that came back ({})", example.flow.local.text(), on,
                                            example.as<ResetSent>()->reason.empty() ? "NO_SOCKET" : printable(example.as<ResetSent>()->reason)));
            f.reasons.push_back("what sends through a raw or packet socket (a scanner, a user-space TCP stack) must keep its kernel from answering: a packet filter rule that drops the RSTs of its ports, or an address of its own");
            f.settle = "see which program has a raw or packet socket there (ss -wap, ss -0ap)";
        }
        f.fold_key = fmt::format("raw/{}/{}", where.first, where.second.text());
        for (const Event* reset : tool.resets)
            for (const Connection* c : story.with_flow(reset->flow.reversed()))
                if (c->embryonic && c->local_isn == reset->as<ResetSent>()->seq) add_end(f, c);
        cite(f, tool.syns);
        cite(f, tool.resets);
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace tcpwitness
