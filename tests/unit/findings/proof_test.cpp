// Law 4: what a proof must exclude, it must have excluded. Each excluded fact of each ground is taken away, and the certainty falls.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

#include "findings/facts.h"
#include "findings/proof.h"
#include "support/findings.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

/// Those that proof.cpp checks by itself, from the story.
constexpr Other checked_by_story[] = {Other::records_lost, Other::not_recorded, Other::clocks_apart, Other::hidden_program, Other::device_down, Other::spoilt_packet, Other::misaddressed};

bool by_story(Other other) { return std::find(std::begin(checked_by_story), std::end(checked_by_story), other) != std::end(checked_by_story); }

/// An edge that asks, and a front end whose silence about it is the proof.
struct Scene {
    TraceBuilder t = trace();
    Session s = session(t);
    double until_ms = 20'000;

    Scene() {
        listen(t, s);
        client_opens(t, s, 5000);
    }
    /// Takes away what excludes this; nothing for none.
    Story story(std::optional<Other> missing) {
        if (missing == Other::records_lost) t.gap(4900, 5200, 7);
        if (missing == Other::hidden_program) t.as(s.server).at(1).environment(Environment::What::found, "xdp", "eth-fe", "BPF program filter, in the driver");
        if (missing == Other::device_down) t.as(s.server).at(5000.1).environment(Environment::What::changed, "device", "eth-fe", "up, no carrier, veth, mtu 1500");
        if (missing == Other::spoilt_packet) {
            Drop drop;
            drop.reason = "TCP_CSUM";
            drop.device = "eth-edge";
            t.as(s.client).at(5000.2).add(drop);
        }
        if (missing == Other::misaddressed) {
            t.as(s.server).at(1).environment(Environment::What::found, "device", "eth-fe", "up, veth, mtu 1500, 02:00:00:00:00:02");
            t.at(5000.2).look().destination_mac = {2, 0, 0, 0, 0, 1};
            t.look().has_destination_mac = true;
            t.syn_in();
        }
        t.as(s.client).at(until_ms);
        Story made = t.story();
        made.end_ns = made.recordings.front().end_ns = t.now();
        if (missing == Other::clocks_apart || missing == Other::not_recorded) {
            Recording fe = made.recordings.front();
            if (missing == Other::clocks_apart)
                fe.clock.how = Clock::How::wall;
            else
                fe.begin_ns = fe.end_ns - 1;
            made.recordings.push_back(fe);
            made.witnesses[s.server.witness].recordings = {1};
        }
        return made;
    }
};

Finding proven(const Story& story, const Scene& scene, const Proof& proof, Others excluded) {
    const auto client = std::find_if(story.connections.begin(), story.connections.end(), [](const Connection& c) { return c.role == Role::client; });
    REQUIRE(client != story.connections.end());
    Finding f = about("any", Culprit::path, Certainty::likely, *client, client->begin_ns);
    prove(f, proof, excluded);
    lean_on(f, scene.s.server.witness, proof.excludes & others({Other::hidden_program}) ? Evidence::packets : Evidence::sockets);
    check_proof(f, story);
    return f;
}

Others held_by_rule(const Proof& proof) {
    Others held = 0;
    for (const OtherExplanation& other : other_explanations())
        if (!by_story(other.id) && holds(proof.excludes, other.id)) held |= others({other.id});
    return held;
}

}  // namespace

TEST_CASE("the table of other explanations is complete and in order") {
    const auto table = other_explanations();
    REQUIRE(table.size() == static_cast<std::size_t>(Other::by_chance) + 1);
    for (std::size_t i = 0; i < table.size(); ++i) {
        CHECK(table[i].id == static_cast<Other>(i));
        CHECK(std::string(table[i].what).size() > 10);
        CHECK(std::string(table[i].excluded).size() > 10);
    }
}

TEST_CASE("each ground of each rule falls to likely where one of the explanations that it must exclude is open") {
    std::size_t grounds = 0, facts = 0;
    for (const Rule& rule : rules())
        for (const Proof& proof : rule.proofs) {
            INFO(rule.id << ": " << proof.ground);
            ++grounds;
            const Others held = held_by_rule(proof);
            {
                Scene scene;
                const Finding f = proven(scene.story(std::nullopt), scene, proof, held);
                INFO(all_text(f));
                CHECK(f.certainty == Certainty::proven);
                CHECK(f.settle.empty());
            }
            for (const OtherExplanation& other : other_explanations()) {
                if (!holds(proof.excludes, other.id)) continue;
                ++facts;
                INFO("without: " << other.excluded);
                Scene scene;
                const bool story = by_story(other.id);
                const bool xdp = other.id == Other::hidden_program;
                const Finding f = proven(scene.story(story ? std::optional(other.id) : std::nullopt), scene, proof, story ? held : held & ~others({other.id}));
                INFO(all_text(f));
                CHECK(f.certainty == Certainty::likely);
                CHECK_FALSE(f.settle.empty());
                CHECK_FALSE(f.reasons.empty());
                if (xdp) CHECK_THAT(f.reasons.back(), Contains("XDP"));
            }
        }
    CHECK(grounds > 20);
    CHECK(facts > 50);
}

TEST_CASE("a host whose configuration is not known proves nothing by its silence") {
    Scene scene;
    scene.t.configuration_unknown();
    const Proof proof{"silence", silence};
    CHECK(proven(scene.story(std::nullopt), scene, proof, 0).certainty == Certainty::likely);
}

TEST_CASE("without a ground nothing is proven") {
    Scene scene;
    const Story story = scene.story(std::nullopt);
    Finding f = about("any", Culprit::path, Certainty::proven, story.connections.back(), story.begin_ns);
    check_proof(f, story);
    CHECK(f.certainty == Certainty::likely);
}

TEST_CASE("what explains a loss better than the path becomes the culprit") {
    const Proof arrives{"the peer was recorded and saw no SYN", silence, Lost::on_its_way};
    const Proof forged{"the peer was recorded and sent no RST", silence};
    for (const auto& [missing, culprit, words] : {std::tuple{Other::hidden_program, Culprit::local_firewall, "XDP program on eth-fe"}, {Other::device_down, Culprit::local_configuration, "has no carrier"},
                                                   {Other::spoilt_packet, Culprit::path, "wrong checksums"}}) {
        Scene scene;
        const Finding f = proven(scene.story(missing), scene, arrives, 0);
        INFO(all_text(f));
        CHECK(f.culprit == culprit);
        CHECK(f.certainty == Certainty::likely);
        CHECK_THAT(f.headline, Contains(words));
        Scene again;
        const Finding other = proven(again.story(missing), again, forged, 0);
        CHECK(other.culprit == Culprit::path);  // a RST that nobody sent is no loss
        CHECK(other.headline.empty());
    }
}

TEST_CASE("a tc filter takes no packet unseen that never arrived") {
    for (const Lost lost : {Lost::on_its_way, Lost::in_the_host}) {
        Scene scene;
        scene.t.as(scene.s.server).at(1).environment(Environment::What::found, "tc_filter", "eth-fe ingress tcx", "BPF program filter");
        const Proof proof{"silence", silence, lost};
        const Finding f = proven(scene.story(std::nullopt), scene, proof, 0);
        INFO(all_text(f));
        CHECK(f.certainty == (lost == Lost::on_its_way ? Certainty::proven : Certainty::likely));
    }
}

TEST_CASE("a device that was in service again before, or went long after, took nothing") {
    struct Look {
        double ms;
        const char* value;
    };
    const auto certainty = [](std::initializer_list<Look> looks) {
        Scene scene;
        for (const Look& look : looks) scene.t.as(scene.s.server).at(look.ms).environment(Environment::What::changed, "device", "eth-fe", look.value);
        const Finding f = proven(scene.story(std::nullopt), scene, Proof{"silence", silence}, 0);
        INFO(all_text(f));
        return f.certainty;
    };
    const char* lost = "up, no carrier, veth, mtu 1500";
    const char* back = "up, veth, mtu 1500";
    CHECK(certainty({{2000, lost}, {4500, back}}) == Certainty::proven);
    CHECK(certainty({{2000, lost}}) == Certainty::likely);                  // and it stays so
    CHECK(certainty({{2000, lost}, {5100, back}}) == Certainty::likely);    // seen again only after it
    CHECK(certainty({{2000, lost}, {4500, back}, {7500, lost}}) == Certainty::likely);  // the change lies somewhere before the look
    CHECK(certainty({{14000, lost}}) == Certainty::proven);
    CHECK(certainty({{2000, "up, veth, mtu 1400"}}) == Certainty::proven);
}

TEST_CASE("a carrier that was lost between two looks shows by the device's own count") {
    const auto judged = [](double ms, Environment::What what) {
        Scene scene;
        scene.t.as(scene.s.server).at(ms).environment(what, "carrier", "eth-fe", "lost 2 times");
        return proven(scene.story(std::nullopt), scene, Proof{"silence", silence, Lost::on_its_way}, 0);
    };
    const Finding f = judged(5100, Environment::What::changed);
    INFO(all_text(f));
    CHECK(f.certainty == Certainty::likely);
    CHECK(f.culprit == Culprit::local_configuration);
    CHECK_THAT(all_text(f), Contains("its device eth-fe lost its carrier for a moment"));
    CHECK(judged(1, Environment::What::found).certainty == Certainty::proven);      // long ago
    CHECK(judged(2000, Environment::What::changed).certainty == Certainty::proven);  // and it was back before
}

TEST_CASE("the device that has the address was out of service all the time; another one of that host says nothing") {
    for (const char* holder : {"eth-fe", "eth-spare"}) {
        Scene scene;
        scene.t.as(scene.s.server).at(1).environment(Environment::What::found, "device", "eth-spare", "up, no carrier, veth, mtu 1500");
        scene.t.environment(Environment::What::found, "address", std::string(holder) + " 10.0.2.2/24", "");
        const Finding f = proven(scene.story(std::nullopt), scene, Proof{"silence", silence, Lost::on_its_way}, 0);
        INFO(all_text(f));
        const bool spare = std::string(holder) == "eth-spare";
        CHECK(f.certainty == (spare ? Certainty::likely : Certainty::proven));
        CHECK(f.culprit == (spare ? Culprit::local_configuration : Culprit::path));
    }
}

TEST_CASE("an XDP program whose driver counts that it took nothing is excluded; a count that moved, or came too late, excludes nothing") {
    enum { unmoved, moved, late, cut };
    for (const int counter : {unmoved, moved, late, cut}) {
        Scene scene;
        scene.t.as(scene.s.server).at(1).environment(Environment::What::found, "xdp", "eth-fe", "BPF program 7 (guard), in the driver");
        scene.t.at(counter == late ? 5001 : 2).environment(Environment::What::found, "xdp_counter", "eth-fe", "3 packets taken");
        if (counter == moved) scene.t.at(9000).environment(Environment::What::counted, "xdp_counter", "eth-fe", "5 packets taken");
        Story story = scene.story(std::nullopt);
        if (counter == cut) story.recordings.front().cut_off = true;
        const Finding f = proven(story, scene, Proof{"silence", silence, Lost::on_its_way}, 0);
        INFO(all_text(f));
        CHECK(f.certainty == (counter == unmoved ? Certainty::proven : Certainty::likely));
        CHECK((f.headline.find("XDP") == std::string::npos) == (counter == unmoved));
    }
}
