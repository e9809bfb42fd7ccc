#include "findings/proof.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/device_facts.h"
#include "findings/drop_symptoms.h"
#include "findings/facts.h"
#include "findings/link_addresses.h"
#include "model/describe.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t around_ns = 1'000'000'000;

/// Why something is not excluded, and what would exclude it.
struct Doubt {
    std::string reason, settle;
    std::optional<Culprit> culprit = {};  ///< it explains what was lost better than what the finding says
    std::string cause = {};               ///< with that, for the headline
    const Event* fact = nullptr;
};

WitnessId asking(const Finding& f, const Story& story) {
    const Connection* c = f.connections.empty() ? nullptr : story.connection(f.connections.front());
    return c ? c->witness : f.absences.empty() ? 0 : f.absences.front().witness;
}

std::optional<Doubt> blind(const Finding& f, const Story& story, Blind wanted) {
    const WitnessId own = asking(f, story);
    const std::uint64_t from = std::max(f.first_ns, story.recording_of(own).begin_ns);  // it may be about what began before
    for (const Absence& absence : f.absences) {
        if (story.blind(absence.witness, absence.of, absence.by.value_or(own), from, std::max({from, f.last_ns, absence.until_ns}), around_ns) != wanted) continue;
        const std::string where = place(story, absence.witness);
        switch (wanted) {
            case Blind::lost: return Doubt{"records were lost around that time, so what was not seen may have been there", "record again without loss (--buffer)"};
            case Blind::outside: return Doubt{fmt::format("what was recorded on {} does not cover all of that time", where), fmt::format("record on {} from before the trouble until after it", where)};
            case Blind::clock: return Doubt{fmt::format("the clock of {} could not be compared, so what it did not see may lie at another time", where),
                                            fmt::format("record again while something passes between the hosts that both see: that tells the clock of {}", where)};
            case Blind::no: break;
        }
    }
    return std::nullopt;
}

bool configuration_known(const Story& story, WitnessId witness) {
    return std::any_of(story.environment.begin(), story.environment.end(), [&](const Event& event) {
        const Environment& fact = *event.as<Environment>();
        return event.witness == witness && !fact.of_host && fact.topic == "device" && fact.what != Environment::What::unreadable;
    });
}

std::optional<Doubt> hidden_program(const Finding& f, const Story& story) {
    for (const Absence& absence : f.absences) {
        if (absence.of != Evidence::packets) continue;
        const std::string where = place(story, absence.witness);
        if (!configuration_known(story, absence.witness))
            return Doubt{fmt::format("the recording of {} does not tell its configuration: a program there (XDP, tc) may have taken or made packets unseen", where),
                         fmt::format("record on {} with tcpwitness: it tells what programs act there", where)};
        for (const char* topic : {"xdp", "tc_filter"})
            for (const Event* event : facts_then(story, absence.witness, topic, f.first_ns, f.last_ns)) {
                const Environment& fact = *event->as<Environment>();
                if (fact.what == Environment::What::unreadable)
                    return Doubt{fmt::format("{} could not be looked at on {} ({})", topic, where, printable(fact.after)), fmt::format("record on {} as root", where)};
                // What has come in was seen before tc, so that only XDP takes a packet unseen.
                const bool xdp = fact.topic == "xdp";
                if (xdp && xdp_took_nothing(story, absence.witness, fact.name, f.first_ns)) continue;
                if (!xdp && f.proof->lost == Lost::on_its_way) continue;
                const std::string program = xdp ? fmt::format("the XDP program on {} ({})", printable(fact.name), printable(fact.after))
                                                : fmt::format("the tc filter {} ({})", printable(fact.name), printable(fact.after));
                Doubt found{fmt::format("on {} a program acts where packets pass unseen: {}", where, program), fmt::format("take that program away on {} and try again", where)};
                found.fact = event;
                if (f.proof->lost != Lost::nothing) {
                    found.culprit = Culprit::local_firewall;
                    found.cause = fmt::format("{} of {} takes packets before they are seen", program, where);
                }
                return found;
            }
    }
    return std::nullopt;
}

std::optional<Doubt> device_down(const Finding& f, const Story& story) {
    for (const Absence& absence : f.absences) {
        if (absence.of != Evidence::packets) continue;
        auto went = device_went(story, absence.witness, f.first_ns, f.last_ns);
        const Connection* c = f.connections.empty() ? nullptr : story.connection(f.connections.front());
        if (!went && c) went = holder_trouble(story, absence.witness, absence.witness == c->witness ? c->flow.local.address : c->flow.peer.address, f.first_ns);
        if (!went) continue;
        const std::string where = place(story, absence.witness);
        Doubt found{fmt::format("at that time, on {}: {}", where, went->text), fmt::format("try again with that device up on {}", where)};
        found.fact = went->fact;
        if (f.proof->lost != Lost::nothing) {
            found.culprit = Culprit::local_configuration;
            found.cause = fmt::format("on {} {}", where, went->text);
        }
        return found;
    }
    return std::nullopt;
}

bool spoilt(const Event& event) {
    const Drop* drop = event.as<Drop>();
    return drop && spoilt(*drop);
}

std::optional<Doubt> spoilt_packet(const Finding& f, const Story& story) {
    const Connection* c = f.connections.empty() ? nullptr : story.connection(f.connections.front());
    if (!c) return std::nullopt;
    const Event* found = nullptr;
    for (const Event* event : story.unmatched_events(c->flow))
        if (spoilt(*event)) found = event;
    for (const ConnectionId id : f.connections)
        if (const Connection* one = story.connection(id); one && one->has(sign::dropped) && !found)
            for (const Event& event : one->events)
                if (spoilt(event)) found = &event;
    if (!found) return std::nullopt;
    Doubt doubt{fmt::format("{} threw away packets of this flow as damaged ({}): the path, or a device's checksum offload, spoils them", place(story, found->witness), found->as<Drop>()->reason),
                "capture on both sides and compare the checksums"};
    doubt.fact = found;
    if (f.proof->lost != Lost::nothing) {
        doubt.culprit = Culprit::path;
        doubt.cause = fmt::format("packets come to {} with wrong checksums", place(story, found->witness));
    }
    return doubt;
}

/// Whatever of the flow came to the silent host was meant for another machine on the link.
std::optional<Doubt> addressed_elsewhere(const Finding& f, const Story& story) {
    const Connection* c = f.connections.empty() ? nullptr : story.connection(f.connections.front());
    for (const Absence& absence : f.absences) {
        if (!c || absence.of != Evidence::packets || absence.witness == c->witness) continue;
        std::vector<const Event*> came;
        for (const Event* packet : story.unmatched_packets(c->flow))
            if (packet->witness == absence.witness && packet->time_ns + around_ns >= f.first_ns && packet->time_ns <= f.last_ns + around_ns) came.push_back(packet);
        if (const Connection* other = story.other_end(*c); other && other->witness == absence.witness)
            for (const Event& event : other->events)
                if (event.as<Segment>() && event.time_ns + around_ns >= f.first_ns && event.time_ns <= f.last_ns + around_ns) came.push_back(&event);
        const auto wrong = misaddressed(story, came);
        if (!wrong) continue;
        Doubt found{wrong->text, fmt::format("see who has {}, and whose neighbour table holds it for {} (ip neighbour)", mac_text(wrong->to), c->flow.peer.address.text())};
        found.fact = wrong->packet;
        if (f.proof->lost == Lost::nothing) return found;
        found.culprit = Culprit::path;
        found.cause = fmt::format("the frames that come to {} are addressed to another machine ({})", place(story, absence.witness), mac_text(wrong->to));
        return found;
    }
    return std::nullopt;
}

std::optional<Doubt> doubt(Other other, const Finding& f, const Story& story) {
    if (holds(f.excluded, other)) return std::nullopt;
    switch (other) {
        case Other::records_lost: return blind(f, story, Blind::lost);
        case Other::not_recorded: return blind(f, story, Blind::outside);
        case Other::clocks_apart: return blind(f, story, Blind::clock);
        case Other::hidden_program: return hidden_program(f, story);
        case Other::device_down: return device_down(f, story);
        case Other::spoilt_packet: return spoilt_packet(f, story);
        case Other::misaddressed: return addressed_elsewhere(f, story);
        default: break;
    }
    const OtherExplanation& row = other_explanations()[static_cast<std::size_t>(other)];
    return Doubt{fmt::format("not excluded: {}", row.what), fmt::format("what excludes it: {}", row.excluded)};
}

}  // namespace

std::span<const OtherExplanation> other_explanations() {
    static constexpr std::array table = {
        OtherExplanation{Other::records_lost, "it was there, and the recorder lost it", "nothing was lost by that recording within a second of that time"},
        OtherExplanation{Other::not_recorded, "it happened when or where nothing was recorded", "the recording covers all of that time, and its probes were attached"},
        OtherExplanation{Other::clocks_apart, "it lies at another time", "segments that both recordings hold tell how far their clocks are apart"},
        OtherExplanation{Other::hidden_program, "a program on the silent host took or made packets where no hook sees it (XDP, tc)", "the recorded configuration of that host shows no such program"},
        OtherExplanation{Other::device_down, "a device of the silent host went down or lost its carrier", "the recorded configuration shows no such change at that time"},
        OtherExplanation{Other::spoilt_packet, "the packet arrived damaged and was thrown away as such", "no packet of the flow was dropped for its checksum"},
        OtherExplanation{Other::misaddressed, "the frame was addressed to another machine on the link, so that the host threw it away", "the frames that came in have the link-layer address of a device of that host"},
        OtherExplanation{Other::rewritten, "the packet went under another address, port or number", "the recorded host saw no handshake that is nobody's here"},
        OtherExplanation{Other::never_left, "the packet never left its sender", "its sender's recording shows it on the wire"},
        OtherExplanation{Other::other_holder, "the address belongs to another host", "the recording itself, or the user, tells whose address it is"},
        OtherExplanation{Other::reason_guessed, "the kernel had another reason", "the kernel told its reason itself"},
        OtherExplanation{Other::other_cause, "the connection failed for another reason", "each try that failed met this cause"},
        OtherExplanation{Other::other_process, "another process did it", "the kernel told the process, and it owns the socket"},
        OtherExplanation{Other::own_stack, "the host's own TCP sent it, for want of a socket", "nothing of that flow was answered there for want of a socket"},
        OtherExplanation{Other::by_chance, "several things fell together by chance", "it happened alike too often for that"},
    };
    return table;
}

void prove(Finding& f, const Proof& proof, Others excluded) {
    f.certainty = Certainty::proven;
    f.proof = &proof;
    f.excluded = excluded;
    f.settle.clear();
}

void check_proof(Finding& f, const Story& story) {
    if (f.certainty != Certainty::proven) return;
    std::optional<Doubt> found;
    if (!f.proof) found = Doubt{"the rule states no ground for a proof", "report this as a defect of tcpwitness"};
    else if (holds(f.proof->excludes, Other::records_lost) && f.absences.empty()) found = Doubt{"the rule does not say on whose silence the proof leans", "report this as a defect of tcpwitness"};
    for (const OtherExplanation& row : other_explanations())
        if (!found && holds(f.proof->excludes, row.id)) found = doubt(row.id, f, story);
    if (!found) return;
    f.certainty = Certainty::likely;
    f.reasons.push_back(std::move(found->reason));
    if (f.settle.empty()) f.settle = std::move(found->settle);
    cite(f, found->fact);
    if (!found->culprit) return;
    f.culprit = *found->culprit;
    f.headline += ": " + found->cause;
}

}  // namespace tcpwitness
