#include "findings/syn_proxy.h"

#include <algorithm>

#include <fmt/format.h>

#include "findings/facts.h"

namespace tcpwitness {

namespace {

/// The same SYN as it left the host that had answered it, for the server.
const Event* passed_on(const Story& story, const Connection& half_open) {
    for (const Event* event : story.unmatched_packets(half_open.flow)) {
        const Segment& segment = *event->as<Segment>();
        if (event->witness == half_open.witness && segment.syn() && segment.outgoing && half_open.peer_isn && segment.seq == *half_open.peer_isn) return event;
    }
    return nullptr;
}

}  // namespace

const Connection* client_let_in_early(const Story& story, const Connection& knock) {
    if (knock.has(sign::syn_ack_out) || !knock.peer_isn) return nullptr;
    const Connection* joined = story.other_end(knock);
    if (joined && joined->established_ns) return joined;
    for (const Connection* c : story.with_flow(knock.flow.reversed()))
        if (c->role == Role::client && c->established_ns && c->local_isn == knock.peer_isn) return c;
    return nullptr;
}

bool answered_for_another(const Story& story, const Connection& half_open) {
    return half_open.embryonic && half_open.role == Role::server && half_open.has(sign::syn_ack_out) && !half_open.has(sign::established) && passed_on(story, half_open);
}

std::vector<const Connection*> answers_for_another(const Story& story, const Connection& client) {
    std::vector<const Connection*> found;
    for (const Connection* c : story.with_flow(client.flow.reversed()))
        if (c->embryonic && c->witness != client.witness && c->peer_isn == client.local_isn && answered_for_another(story, *c)) found.push_back(c);
    return found;
}

std::vector<Finding> refused_behind_proxy(const Story& story) {
    std::vector<Finding> found;
    for (const Connection& c : story.with(trait::unopened)) {
        if (!c.embryonic || !answered_for_another(story, c)) continue;
        if (const Connection* client = story.other_end(c); client && client->has(sign::reset_received)) continue;  // told there
        const Event* asked = passed_on(story, c);
        const Event* refused = nullptr;
        for (const Event* event : story.unmatched_packets(c.flow)) {
            const Segment& segment = *event->as<Segment>();
            if (event->witness == c.witness && segment.rst() && !segment.outgoing && event->time_ns >= asked->time_ns && segment.ack == *c.peer_isn + 1 && !refused) refused = event;
        }
        if (!refused) continue;
        Finding f = about("reset-received", Culprit::peer_host, Certainty::likely, c, refused->time_ns);
        f.first_ns = c.begin_ns;
        f.headline = fmt::format("{} refused the connection of {} that {} had accepted in its name (a SYN proxy)", c.flow.local.text(), c.flow.peer.text(), place(story, c.witness));
        f.reasons.push_back(fmt::format("the SYN-ACK was sent {} before the SYN was passed on, and a RST answered that: nothing listens there, or a packet filter rejects", since(c.begin_ns, asked->time_ns)));
        f.reasons.push_back("the client sees an open connection reset, not a refusal");
        cite(f, packets(c, [](const Segment& segment) { return segment.syn() || segment.syn_ack(); }));
        cite(f, asked);
        cite(f, refused);
        f.settle = record_on(c.flow.local.address) + ": it tells whether anything listens there";
        f.fold_key = fmt::format("proxy/{}/{}", c.witness, c.flow.local.text());
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace tcpwitness
