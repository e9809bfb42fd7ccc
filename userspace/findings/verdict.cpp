#include "findings/verdict.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/bare_acks.h"
#include "findings/benign.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"
#include "model/not_shown.h"
#include "model/undecoded.h"

namespace tcpwitness {

namespace {

void recording_doubts(const Recording& recording, bool several, std::vector<std::string>& reasons) {
    const std::string where = several ? fmt::format(" ({})", printable(recording.file.empty() ? recording.host : recording.file)) : "";
    if (recording.unknown_records)
        reasons.push_back(fmt::format("{} could not be read{}", count_text(recording.unknown_records, recording.meta.contains("source") ? "line" : "record",
                                                                           recording.meta.contains("source") ? "lines" : "records"), where));
    for (const auto& [what, packets] : recording.undecoded) reasons.push_back(fmt::format("{} could not be looked into{}", undecoded_text(what, packets), where));
    if (!recording.damage.empty()) reasons.push_back("the file is damaged" + where);
    if (recording.cut_off) reasons.push_back("the recording was cut off" + where);
    for (const ProbeStatus& probe : recording.probes)
        if (probe.missed()) reasons.push_back(fmt::format("the probe {} was not there{}", printable(probe.name), where));
}

/// The first failure that messages without a socket tell themselves.
std::string told_by_log(const Story& story) {
    for (const Event& event : story.unmatched) {
        const Message* message = event.as<Message>();
        if (!message) continue;
        if (!message->remark.empty()) return fmt::format("{}{}", message->remark, message->result_code.empty() ? "" : " (" + message->result_code + ")");
        if (message->status() >= 500) return message->start_line;
    }
    return {};
}

/// Something of it is known besides that it is there: a call, a state, a packet each way.
bool tells_something(const Connection& c) {
    if (c.is_listener()) return false;
    if (c.cookie || c.socket_id) return true;
    return c.has(sign::established) || (c.has(sign::syn_out | sign::syn_ack_out | sign::fin_out | sign::rst_out) && c.has(sign::syn_in | sign::syn_ack_in | sign::fin_in | sign::rst_in)) ||
           (c.wire && c.wire->client.packets && c.wire->server.packets);
}

/// What a capture's sessions lack, all of them: its filter, or where it was taken, left it out. Empty: nothing.
std::string left_out(const Story& story, const Recording& recording, bool scanned) {
    enum : std::uint8_t { syn_ack = 2, rst = 32 };
    if (!recording.capture()) return {};
    bool control_only = !scanned, opened = false, one_way = true, met = false;  // a scan opens nothing
    for (const Connection& c : story.with(trait::captured)) {
        const auto& of = story.witnesses[c.witness].recordings;
        if (std::none_of(of.begin(), of.end(), [&](RecordingId id) { return &story.recordings[id] == &recording; })) continue;
        const auto has = [&](const char* letters) { return c.wire->history.find_first_of(letters) != std::string::npos; };
        if (has("aA") || (has("dD") && !has("gG"))) control_only = false;  // a FIN may carry the last data
        opened = opened || (c.wire->completeness & (syn_ack | rst)) == syn_ack;
        if (c.wire->client.packets && c.wire->server.packets) one_way = false;
        met = met || c.preexisting || answer_not_captured(c);
        if (!control_only && !one_way) return {};
    }
    // tcpdump 'tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0', or the export of a recording without --segments
    if (control_only && opened) return "only segments that open and close connections were captured: stalls and losses between do not show";
    if (one_way && met) return "only one direction of its sessions was captured";
    return {};
}

/// A session of which the capture holds one packet or two: what became of it is not known.
bool fragment(const Connection& c) { return by_packets(c) && c.wire->client.packets + c.wire->server.packets <= 2; }

/// The last that the capture shows of an open session is a closed window: how long it stays so nobody knows.
bool ends_closed(const Connection& c) {
    if (!by_packets(c) || !c.live() || !c.has(sign::established)) return false;
    bool closed[2] = {};
    for (const Event& event : c.events)
        if (const Segment* segment = event.as<Segment>(); segment && !segment->syn() && !segment->syn_ack() && !(segment->marks & segment_mark::window_not_shown))
            closed[segment->outgoing] = segment->window == 0 && !segment->rst();
    return closed[0] || closed[1];
}

/// Of a clean story. What a recorder loses it counts; what a capture lacks, or the path lost, shows in holes in the numbers.
std::string what_was_lost(const Story& story, const std::function<bool(const Connection&)>& selected) {
    if (!std::all_of(story.recordings.begin(), story.recordings.end(), [](const Recording& recording) { return recording.capture(); })) return ", and nothing was lost";
    const auto holes = static_cast<std::uint64_t>(std::count_if(story.connections.begin(), story.connections.end(), [&](const Connection& c) {
        return c.wire && c.wire->history.find_first_of("gG") != std::string::npos && (!selected || selected(c));
    }));
    return holes ? fmt::format("; in {} of them segments were lost, or not captured", holes) : "";
}

/// RSTs of a capture that belong to no session in it.
std::uint64_t lone_resets(const Story& story) {
    std::uint64_t lone = 0;
    for (const Event& event : story.unmatched) {
        const Segment* segment = event.as<Segment>();
        if (!segment || !segment->rst() || segment->recording >= story.recordings.size() || !story.recordings[segment->recording].capture()) continue;
        lone += story.with_flow(event.flow).empty() && story.with_flow(event.flow.reversed()).empty();
    }
    return lone;
}

}  // namespace

const char* name(Verdict::What what) {
    switch (what) {
        case Verdict::What::clean: return "clean";
        case Verdict::What::trouble: return "trouble";
        case Verdict::What::undecided: break;
    }
    return "undecided";
}

bool tells_trouble(const Finding& f) { return f.harm != Harm::none; }

Verdict verdict_of(const Story& story, const Judgement& judged, const std::function<bool(const Connection&)>& selected, const std::string& filter) {
    Verdict verdict;
    std::size_t telling = 0;
    for (const Connection& c : story.connections) {
        if (c.is_listener()) continue;
        ++verdict.of_connections;
        if (selected && !selected(c)) continue;
        ++verdict.connections;
        telling += tells_something(c);
    }
    std::uint64_t stopped = 0;
    std::set<ConnectionId> harmless;  // sessions that are short by their nature
    for (const Finding& one : judged.benign) {
        verdict.benign += one.count;
        stopped += one.benign == std::string_view(benign::stops_in_midst) ? one.count : 0;
        if (one.benign == std::string_view(benign::scan)) harmless.insert(one.connections.begin(), one.connections.end());
    }
    std::uint64_t fragments = 0, closed = 0, half_told = 0;
    for (const Connection& c : story.with(trait::captured)) {
        if (selected && !selected(c)) continue;
        fragments += fragment(c) && !harmless.contains(c.id);
        closed += ends_closed(c);
        half_told += one_way(c) && c.has(sign::rst_in | sign::rst_out) && !fragment(c);
    }
    const Finding* worst = nullptr;
    for (const Finding& f : judged.findings) {
        if (!tells_trouble(f)) continue;
        ++verdict.findings;
        if (!worst || weighs_more(f, *worst)) worst = &f;
    }
    std::uint64_t lost = 0;
    for (const Event& event : story.gaps) lost += event.as<Gap>()->lost;
    if (lost) verdict.reasons.push_back(count_text(lost, "record was lost", "records were lost"));
    const bool scanned = std::any_of(judged.benign.begin(), judged.benign.end(), [](const Finding& one) { return one.benign == std::string_view(benign::scan); });
    for (const Recording& recording : story.recordings) {
        recording_doubts(recording, story.recordings.size() > 1, verdict.reasons);
        if (std::string lack = left_out(story, recording, scanned); !lack.empty()) verdict.reasons.push_back(std::move(lack));
    }

    if (worst) {
        verdict.what = Verdict::What::trouble;
        verdict.sentence = fmt::format("{}; the gravest: {}", count_text(verdict.findings, "finding", "findings"), worst->headline);
        if (verdict.findings == 1) verdict.sentence = worst->headline;
        return verdict;
    }
    if (selected && verdict.connections == 0) {
        verdict.sentence = fmt::format("0 of {} match{}", count_text(verdict.of_connections, "connection", "connections"), filter.empty() ? " the filter" : " " + filter);
        return verdict;
    }
    if (verdict.connections == 0) {
        verdict.sentence = "no TCP connection is in it";
        for (const Recording& recording : story.recordings)
            if (recording.unknown_records && recording.meta.contains("source")) verdict.sentence += fmt::format("; {} could not be read", count_text(recording.unknown_records, "line", "lines"));
        for (const Recording& recording : story.recordings)
            for (const auto& [what, packets] : recording.undecoded) verdict.sentence += fmt::format("; {} could not be looked into, and TCP may be there", undecoded_text(what, packets));
        if (const std::string said = told_by_log(story); !said.empty()) verdict.sentence += "; an application's log tells: " + said;
        return verdict;
    }
    if (fragments && telling)
        verdict.reasons.push_back(fmt::format("{} of {} {} of one or two packets", count_text(fragments, "session", "sessions"), verdict.connections, fragments == 1 ? "is a fragment" : "are fragments"));
    if (stopped) verdict.reasons.push_back(count_text(stopped, "session stops", "sessions stop") + " after a request, and nothing more of it was captured");
    if (closed) verdict.reasons.push_back(count_text(closed, "session ends", "sessions end") + " with a closed window");
    if (half_told) verdict.reasons.push_back(count_text(half_told, "session ends", "sessions end") + " with a RST, and only one of its directions was captured");
    if (const std::uint64_t resets = selected ? 0 : lone_resets(story)) verdict.reasons.push_back(count_text(resets, "RST belongs", "RSTs belong") + " to no session in it");
    if (!without_bare_acks(story).empty()) verdict.reasons.push_back("bare ACKs are not in the capture: losses and stalls do not show");
    if (telling == 0) verdict.reasons.push_back(verdict.connections == 1 ? "its one session is a fragment" : "every session in it is a fragment");
    if (!verdict.reasons.empty()) {
        verdict.sentence = "no trouble was seen, but " + verdict.reasons.front();
        for (std::size_t i = 1; i < verdict.reasons.size() && i < 4; ++i) verdict.sentence += ", " + verdict.reasons[i];
        return verdict;
    }
    verdict.what = Verdict::What::clean;
    verdict.sentence = fmt::format("nothing in trouble among {}{}", count_text(verdict.connections, "connection", "connections"), what_was_lost(story, selected));
    return verdict;
}

}  // namespace tcpwitness
