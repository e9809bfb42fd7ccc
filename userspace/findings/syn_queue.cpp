#include "findings/syn_queue.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/at_the_door.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t one_look_ns = 2'000'000'000;

std::optional<std::uint32_t> setting(const Story& story, WitnessId witness, const char* name) {
    const auto& sysctls = story.witnesses[witness].sysctls;
    const auto found = sysctls.find(name);
    return found == sysctls.end() ? std::nullopt : parse_number<std::uint32_t>(found->second);
}

/// Without cookies the kernel keeps the last quarter for peers that it knows well, and takes no more than the listener's backlog.
std::uint32_t places(std::uint32_t max_syn_backlog, std::uint32_t backlog) { return std::min(max_syn_backlog - max_syn_backlog / 4, backlog); }

}  // namespace

std::vector<Finding> syn_queues_full(const Story& story, const char* rule) {
    std::vector<Finding> found;
    std::optional<std::vector<Unanswered>> unanswered;
    for (const Connection& c : story.with(sign::waited)) {
        if (!c.is_listener() || c.witness >= story.witnesses.size() || setting(story, c.witness, "net.ipv4.tcp_syncookies") != 0u) continue;
        const auto most = setting(story, c.witness, "net.ipv4.tcp_max_syn_backlog");
        std::vector<const Event*> looks;
        std::uint64_t drops = 0;
        std::uint32_t half_open = 0, backlog = 0;
        for (const Event& event : c.events) {
            const Queue* queue = event.as<Queue>();
            if (!most || !queue || !queue->drops || queue->full() || queue->syn_queue < places(*most, queue->accept_max)) continue;
            drops += queue->drops;
            half_open = std::max(half_open, queue->syn_queue);
            backlog = queue->accept_max;
            looks.push_back(&event);
        }
        if (looks.empty()) continue;
        Finding f = about(rule, Culprit::local_configuration, Certainty::likely, c, looks.front()->time_ns);
        f.cause_ns = looks.front()->time_ns > one_look_ns ? looks.front()->time_ns - one_look_ns : 1;
        f.last_ns = looks.back()->time_ns;
        f.headline = fmt::format("{}{}: the queue of half-open connections of {} is full ({} of {}), and net.ipv4.tcp_syncookies is 0: {}", who(c), at_place(story, c), c.flow.local.text(), half_open,
                                 places(*most, backlog), count_text(drops, "packet of a handshake was dropped", "packets of handshakes were dropped"));
        f.reasons.push_back(fmt::format("its accept queue had room ({} of {}): the process is not to blame", looks.back()->as<Queue>()->accept_queue, backlog));
        f.reasons.push_back(fmt::format("net.ipv4.tcp_max_syn_backlog is {}, of which the kernel keeps a quarter for peers that it knows, and listen() asked for {}: SYNs of hosts that never answer hold the places", *most, backlog));
        if (!unanswered) unanswered = unanswered_syns(story);
        std::set<Address> clients;
        for (const Unanswered& one : *unanswered) {
            if (one.listener != &c) continue;
            clients.insert(one.syns.front()->flow.peer.address);
            add_end(f, one.client);
            cite(f, one.syns);
        }
        if (!clients.empty()) f.reasons.push_back(fmt::format("SYNs of {} came again and again and got no answer", clients.size() == 1 ? clients.begin()->text() : count_text(clients.size(), "client", "clients")));
        cite(f, looks);
        f.settle = "switch SYN cookies on (net.ipv4.tcp_syncookies=1) and see whether the drops end; nstat tells TcpExtTCPReqQFullDrop";
        f.fold_key = std::to_string(c.id);
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace tcpwitness
