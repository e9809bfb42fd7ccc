#include "outputs/wireshark.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

constexpr std::size_t flows_in_filter = 4;

int worth(const Event& event) {
    const Segment* segment = event.as<Segment>();
    return !segment || segment->rst() ? 2 : segment->marks & segment_mark::retransmission ? 1 : 0;
}

std::string address_is(const Address& address) {
    return fmt::format("{}.addr == {}", address.family == Address::Family::ipv6 ? "ipv6" : "ip", address.text());
}

std::string flow_is(const Flow& flow) {
    return fmt::format("{} && {} && tcp.port == {} && tcp.port == {}", address_is(flow.local.address), address_is(flow.peer.address), flow.local.port,
                       flow.peer.port);
}

/// What all of them share, as far as it chooses anything: an end's address and port.
std::string common_is(const std::vector<Flow>& flows) {
    const auto same = [&](auto part) {
        return std::all_of(flows.begin(), flows.end(), [&](const Flow& flow) { return part(flow) == part(flows.front()); });
    };
    std::string filter;
    const auto also = [&](const std::string& term) { filter += (filter.empty() ? "" : " && ") + term; };
    if (same([](const Flow& flow) { return flow.local.address; })) also(address_is(flows.front().local.address));
    if (same([](const Flow& flow) { return flow.peer.address; })) also(address_is(flows.front().peer.address));
    if (same([](const Flow& flow) { return flow.local.port; })) also(fmt::format("tcp.port == {}", flows.front().local.port));
    if (same([](const Flow& flow) { return flow.peer.port; })) also(fmt::format("tcp.port == {}", flows.front().peer.port));
    return filter;
}

/// A name that cannot be shown as it is, in the way that shells take it: $'case\x1b[31m.pcapng'.
std::string escaped(std::string_view name) {
    std::string word = "$'";
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\'' || c == '\\')
            word += std::string("\\") + c;
        else if (byte < 0x20 || byte >= 0x7f)
            word += fmt::format("\\x{:02x}", byte);
        else
            word += c;
    }
    return word + "'";
}

}  // namespace

std::string file_of(const Story& story, const Event& packet) {
    if (!frame_of(packet) || recording_of_frame(packet) >= story.recordings.size()) return {};
    const Recording& recording = story.recordings[recording_of_frame(packet)];
    return recording.meta.contains("encoding") ? "" : recording.file;  // a text is nothing that Wireshark opens
}

const Event* packet_to_show(const Story& story, const Finding& finding, std::optional<RecordingId> in) {
    const auto proves = [&](const Event& event) { return std::binary_search(finding.evidence.begin(), finding.evidence.end(), event.id); };
    const Event *best = nullptr, *any = nullptr;
    const auto look = [&](const Event& event) {
        if (!frame_of(event) || (in && recording_of_frame(event) != *in)) return;
        if (!any) any = &event;
        if (proves(event) && (!best || worth(event) > worth(*best))) best = &event;
    };
    for (const ConnectionId id : finding.connections)
        if (const Connection* connection = story.connection(id)) {
            for (const Event& event : connection->events) look(event);
            if (best) return best;  // the first of its connections is the example
            if (connection->flow.complete())
                for (const Event* event : story.unmatched_events(connection->flow))
                    if (proves(*event)) look(*event);
            if (best) return best;
        }
    return any;
}

std::string display_filter(const Story& story, const Finding& finding) {
    std::vector<Flow> flows;
    std::unordered_set<Flow, FlowHash> known;
    for (const ConnectionId id : finding.connections) {
        const Connection* connection = story.connection(id);
        if (!connection || !connection->flow.complete() || connection->flow.local.address.unspecified()) continue;
        const Flow& flow = connection->flow;
        if (!known.contains(flow.reversed()) && known.insert(flow).second) flows.push_back(flow);
    }
    if (flows.empty()) return {};
    if (flows.size() == 1) return flow_is(flows.front());
    if (flows.size() > flows_in_filter) return common_is(flows);
    std::string filter;
    for (const Flow& flow : flows) filter += fmt::format("{}({})", filter.empty() ? "" : " || ", flow_is(flow));
    return filter;
}

std::string wireshark_command(std::string_view file, std::uint64_t frame) {
    const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || std::string_view("._-/+,:@%").find(c) != std::string_view::npos; };
    std::string word(file);
    if (word.starts_with('-')) word = "./" + word;
    if (printable(word) != word)
        word = escaped(word);
    else if (!std::all_of(word.begin(), word.end(), plain)) {
        std::string quoted = "'";
        for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
        word = quoted + "'";
    }
    return fmt::format("wireshark -r {} -g {}", word, frame);
}

}  // namespace tcpwitness
