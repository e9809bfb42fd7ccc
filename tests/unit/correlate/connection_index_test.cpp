// Whoever asks by what connections have gone through gets the same from lists that are kept up to date as from lists made anew.
#include <catch2/catch.hpp>

#include "support/nonsense.h"
#include "support/scenes.h"

using namespace tcpwitness;

namespace {

template <typename Connections>
std::vector<ConnectionId> ids(const Connections& connections) {
    std::vector<ConnectionId> all;
    for (const auto& c : connections) {
        if constexpr (std::is_pointer_v<std::remove_cvref_t<decltype(c)>>) all.push_back(c->id);
        else all.push_back(c.id);
    }
    return all;
}

/// All that can be asked about this story.
std::vector<std::vector<ConnectionId>> answers(const Story& story) {
    std::vector<std::vector<ConnectionId>> all{ids(story.with(~healthy))};
    for (const Connection& c : story.connections) {
        all.push_back(ids(story.with_flow(c.flow)));
        all.push_back(ids(story.with_peer(c.witness, c.flow.peer.address)));
        all.push_back(ids(story.at_port(c.witness, c.flow.local.port)));
        all.push_back(ids(story.come_to(c)));
        all.push_back(ids(story.served_by(c.witness, c.owner.pid)));
        all.push_back(ids(story.called_by(c.witness, c.owner.pid, c.flow.peer.port, c.flow.peer.address.family)));
    }
    return all;
}

}  // namespace

TEST_CASE("a healthy open connection is listed nowhere, one in trouble and one that is over are") {
    auto t = trace();
    Session healthy_one = session(t, "edge", "fe", 20000), reset = session(t, "edge", "fe", 20001), over = session(t, "edge", "fe", 20002);
    reset.listener = over.listener = healthy_one.listener;
    listen(t, healthy_one);
    for (const Session& s : {healthy_one, reset, over}) open(t, s, 10);
    closes_first(t, over.client, 100);
    closes_second(t, over.server, 100);
    aborts(t, reset.client, 100, "TCP_ABORT_ON_CLOSE", 10);
    const Story story = t.story();
    const auto of = [&](int port) {
        std::vector<ConnectionId> all;
        for (const Connection& c : story.connections)
            if (c.flow.local.port == port || c.flow.peer.port == port) all.push_back(c.id);
        return all;
    };
    const auto listed = ids(story.with(~healthy));
    const auto is_listed = [&](ConnectionId id) { return std::find(listed.begin(), listed.end(), id) != listed.end(); };
    for (const ConnectionId id : of(20000)) CHECK_FALSE(is_listed(id));
    for (const ConnectionId id : of(20002)) CHECK(is_listed(id));
    CHECK(ids(story.with(sign::reset_sent)) == std::vector{of(20001).front()});
    CHECK(ids(story.with(trait::listener)).size() == 1);
    CHECK(ids(story.with(trait::unopened)).empty());
}

TEST_CASE("what is kept up to date answers as what is made anew, whatever comes and is forgotten") {
    Limits limits;
    limits.max_connections = 60;
    for (unsigned seed = 1; seed <= 30; ++seed) {
        TraceInfo info;
        info.witnesses.resize(4);
        Correlator correlator(info, limits);
        Nonsense nonsense(seed);
        for (int i = 0; i < 900; ++i) {
            Event event = nonsense.event();
            event.id = static_cast<std::uint64_t>(i) + 1;
            const std::uint64_t now = event.time_ns;
            correlator.add(std::move(event));
            if (i % 250 == 249) correlator.forget_ended_before(now - now / 8);
            if (i % 50) continue;
            const Story& kept = correlator.story();
            const Story anew = kept;
            CHECK(answers(kept) == answers(anew));
            // An address may be known from a connection that is forgotten; none is missing.
            for (const Connection& c : kept.connections) {
                const auto witnesses = kept.witnesses_of(c.flow.local.address);
                CHECK(std::find(witnesses.begin(), witnesses.end(), c.witness) != witnesses.end());
            }
        }
    }
}
