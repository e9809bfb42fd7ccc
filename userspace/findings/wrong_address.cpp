#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/strays.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "wrong-address";

enum { of_syn, of_open };
constexpr Proof proofs[] = {
    {"a SYN-ACK that acknowledges this very SYN came from an address that it was not sent to", 0},
    {"the kernel told that it reset a segment of this connection, because it knows its other end under another address only", 0},
};

/// Who between them gave the packets other addresses, as far as it was recorded: it must have seen the SYN under two tuples.
std::optional<WitnessId> translator(const Story& story, const Connection& client) {
    if (!client.local_isn) return std::nullopt;
    for (const Event* syn : story.unmatched_syns(*client.local_isn)) {
        const bool as_asked = syn->flow == client.flow || syn->flow.reversed() == client.flow;
        if (!as_asked && syn->witness != client.witness && syn->as<Segment>()->outgoing) return syn->witness;
    }
    return std::nullopt;
}

void tell_translator(Finding& f, const Story& story, const Connection& client) {
    const auto where = translator(story, client);
    if (!where) return;
    f.headline += fmt::format("; {} translates the addresses of this connection, and did not put them back", place(story, *where));
    f.reasons.push_back(fmt::format("the SYN left {} under another address than it came in", place(story, *where)));
}

std::string holder(const Story& story, const Homes& homes, const Address& address, WitnessId asking) {
    const auto home = homes.of(address, asking);
    return home && *home != asking ? fmt::format(" ({})", place(story, *home)) : "";
}

/// The client's RST ends the handshake where the stranger began it: that is the same case. Of those halves often only the SYN-ACK is known.
void add_halves(Finding& f, const Story& story, const Flow& stranger) {
    std::vector<const Connection*> halves;
    for (const Connection* half : story.with_flow(stranger.reversed()))
        if (half->embryonic) halves.push_back(half);
    for (const Connection* half : story.with_flow(stranger))
        if (is_stray_handshake(*half)) halves.push_back(half);
    std::sort(halves.begin(), halves.end(), [](const Connection* a, const Connection* b) { return a->id < b->id; });
    for (const Connection* half : halves) add_end(f, half);
}

/// The client asked one address, and another one answered.
std::optional<Finding> answered_elsewhere(const Story& story, const Strays& strays, const Homes& homes, const Connection& c) {
    if (c.has(sign::established) || c.role != Role::client) return std::nullopt;
    const auto answers = strays.answers_from_elsewhere(c);
    if (answers.empty()) return std::nullopt;
    const Endpoint& from = answers.front()->flow.peer;
    const Event* result = failed_connect(c);
    const auto syns = syns_sent(c);
    Finding f = about(id, Culprit::path, Certainty::likely, c, answers.front()->time_ns);
    f.first_ns = syns.empty() ? c.begin_ns : syns.front()->time_ns;
    f.last_ns = std::max(f.last_ns, c.has(sign::ended) ? c.end_ns : 0);
    const std::less<const Event*> before;
    const Event* const unmatched = story.unmatched.data();
    const bool by_packets = before(answers.front(), unmatched) || !before(answers.front(), unmatched + story.unmatched.size());
    if (!by_packets) prove(f, proofs[of_syn]);  // else the answer that was put right may have passed where nobody captured
    const std::string became = c.ending == Ending::refused ? "was refused" : c.error ? fmt::format("failed with {}", errno_name(c.error)) : c.live() ? "gets no answer" : "was given up";
    f.headline = fmt::format("{}{}: connect() to {} {}: {}{} answered its SYN instead, which this host reset as nobody's", who(c), at_place(story, c), c.flow.peer.text(), became,
                             from.text(), holder(story, homes, from.address, c.witness));
    f.reasons.push_back(fmt::format("a SYN-ACK of {} acknowledges the SYN that was sent to {}", from.text(), c.flow.peer.text()));
    f.reasons.push_back("a device that translated the SYN's address, or the host that was asked, did not give the answer the address that was asked");
    add_halves(f, story, answers.front()->flow);
    cite(f, syns);
    cite(f, answers);
    cite(f, result);
    tell_translator(f, story, c);
    add_end(f, story.other_end(c));
    f.fold_key = fmt::format("{}/{}/{}/{}", c.witness, c.owner.comm, c.flow.peer.text(), from.address.text());
    return f;
}

/// A segment of an open connection reached the other end under an address that this one does not know.
std::optional<Finding> passed_untranslated(const Story& story, const Strays& strays, const Connection& c) {
    if (!c.has(sign::rst_in | sign::reset_received)) return std::nullopt;
    const Event* reset = strays.reset_by_stranger(c);
    const Connection* meant = reset ? strays.meant(*reset) : nullptr;
    if (!meant || meant->id == c.id) return std::nullopt;
    Finding f = about(id, Culprit::path, Certainty::likely, c, reset->time_ns);
    prove(f, proofs[of_open]);
    const std::string there = place(story, meant->witness);
    f.headline = fmt::format("{}{}: a segment reached {} under the name of {}, which {} knows as {} and reset as a stranger's", who(c), at_place(story, c), c.flow.peer.text(),
                             c.flow.local.text(), who(*meant), meant->flow.peer.text());
    f.reasons.push_back(fmt::format("{}'s kernel found no connection with {} and answered with RST", there, c.flow.local.text()));
    f.reasons.push_back("a device that translates addresses let a segment pass as it was: its connection tracking had no entry, or called the segment invalid");
    cite(f, reset);
    cite(f, resets_in(c));
    cite(f, first<ResetReceived>(c));
    cite(f, last<SocketError>(c));
    add_end(f, meant);
    add_end(f, story.other_end(c));
    tell_translator(f, story, *meant);
    f.fold_key = fmt::format("{}/{}/{}", c.witness, c.flow.peer.address.text(), c.role == Role::server ? c.flow.local.text() : c.flow.peer.text());
    return f;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    const auto resetting = story.with(sign::rst_out);
    if (story.unmatched.empty() && std::none_of(resetting.begin(), resetting.end(), is_stray_handshake)) return found;
    const Strays strays(story);
    std::optional<Homes> homes;
    for (const Connection& c : story.with(trait::unopened | sign::rst_in | sign::reset_received)) {
        if (c.is_listener()) continue;
        if (!homes && !c.has(sign::established)) homes.emplace(story);
        if (auto f = !c.has(sign::established) && c.role == Role::client ? answered_elsewhere(story, strays, *homes, c) : passed_untranslated(story, strays, c)) found.push_back(std::move(*f));
    }
    return found;
}

}  // namespace

const Rule wrong_address = {
    id, "an answer or a segment came from an address that nobody asked",
    "Packets of the connection arrived under another address than the one that this end talks to. Its kernel knows no such connection and resets it. A device that translates addresses did so one way only, or "
    "let a packet pass as it was; or the host that was asked answered from another of its addresses. Neither application has a part in it.",
    "The SYN-ACK acknowledges the number of the SYN, and comes from another address or port: 32 bits do not agree by chance. In an open connection: the kernel of the other end was recorded and reset a segment "
    "without a connection, while a connection from the same address and port was open there with the translated address.",
    "Not a refusal, though the server may see a RST: the client's kernel sent it to an address that it never asked. Not a host that forgot the connection: there no connection has that port (reset-received).",
    "Look at the translation: a client in the same network as the server needs source translation too (hairpin), answers must take the way back through the translator, and segments that its connection tracking calls "
    "invalid must be dropped, not passed (nft: ct state invalid drop; or net.netfilter.nf_conntrack_tcp_be_liberal=1).",
    find,
    proofs,
};

}  // namespace tcpwitness
