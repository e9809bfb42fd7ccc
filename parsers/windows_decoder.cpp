#include "parsers/windows_decoder.h"

#include <algorithm>

#include <fmt/format.h>

#include "parsers/packet_headers.h"
#include "parsers/text_trace.h"

namespace tcpwitness::windows {

namespace {

constexpr std::uint64_t lines_with_header = 4096;  ///< the trace's own header stands before these

}  // namespace

bool Decoder::take(std::string_view text) {
    if (packets_.awaits() && !text.empty() && blank_at(text)) {
        if (!packets_.take_pktmon(text)) ++foreign_;
        return true;
    }
    packets_.forget_announced();
    const Line line = parse_line(text);
    if (lines_ < lines_with_header) clock_.see_header(line.provider == Provider::none ? text : line.body);
    return line.provider == Provider::none || take(line);
}

bool Decoder::take(const Line& line) {
    ++lines_;
    if (line.provider == Provider::other) {
        (void)clock_.time(line);
        ++foreign_;
        return true;
    }
    if (sockets_.emitted() >= max_events) return false;
    const std::uint64_t time_ns = clock_.time(line);
    sockets_.learn_name(line.pid, line.process);
    switch (line.provider) {
        case Provider::tcpip:
            ++tcpip_lines_;
            if (!tcpip_.take(line, time_ns)) ++unknown_;
            break;
        case Provider::afd:
            ++afd_lines_;
            if (!afd_.take(line, time_ns)) ++unknown_;
            break;
        case Provider::segment:
            if (!packets_.take_monitor(line, time_ns)) ++foreign_;
            break;
        default: packets_.announce(line, time_ns);
    }
    return true;
}

void Decoder::see(const Packet& packet, std::optional<bool> outgoing, std::uint64_t time_ns) {
    if (packet.kind == Packet::Kind::tcp) packets_.see_captured(segment_of(packet), flow_of(packet), outgoing, time_ns);
}

/// What only the whole file tells: which lives are one socket, their addresses, which way packets went, what the clock was off by.
void Decoder::finish_events(std::vector<Event>& events) {
    packets_.orient(events);
    const std::int64_t correction = clock_.correction();
    for (Event& event : events) {
        const auto life = static_cast<LifeId>(event.cookie);
        if (life && !event.flow.complete()) {
            const Flow& known = sockets_.flow(life);
            if (event.flow.local.address.unspecified() || !event.flow.local.port) event.flow.local = known.local;
            if (!event.flow.peer.port) event.flow.peer = known.peer;
        }
        event.cookie = sockets_.cookie(life);
        if (Call* call = event.as<Call>()) call->listener_cookie = sockets_.cookie(static_cast<LifeId>(call->listener_cookie));
        event.time_ns = clock_.to_utc(static_cast<std::uint64_t>(static_cast<std::int64_t>(event.time_ns) + correction));
    }
    // The hour that summer time takes back may have put them out of order.
    const auto by_time = [](const Event& a, const Event& b) { return a.time_ns < b.time_ns; };
    if (!std::is_sorted(events.begin(), events.end(), by_time)) std::stable_sort(events.begin(), events.end(), by_time);
    for (std::size_t i = 0; i < events.size(); ++i) events[i].id = i + 1;
}

/// The text tells no host's name: the address that most of its events have as their own end stands for it.
std::string Decoder::host_name(const std::vector<Event>& events) const {
    std::map<Address, std::size_t> counts;
    for (const Event& event : events)
        if (packets_.own_addresses().contains(event.flow.local.address)) ++counts[event.flow.local.address];
    const auto most = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == counts.end() ? "windows" : most->first.text();
}

/// Which kinds of evidence the text holds, in the words that rules ask in.
void Decoder::describe(TraceInfo& info, const std::vector<Event>& events) const {
    const auto row = [&](const char* name, const char* hook, bool there, std::uint64_t count, const char* missing) {
        info.probes.push_back({name, hook, there ? "attached" : fmt::format("unavailable: {}", missing), count, 0});
    };
    constexpr const char* tcpip = "Microsoft-Windows-TCPIP";
    constexpr const char* afd = "Microsoft-Windows-Winsock-AFD";
    constexpr const char* no_tcpip = "the text holds no line of Microsoft-Windows-TCPIP";
    row("state", tcpip, tcpip_lines_, tcpip_lines_, no_tcpip);
    row("reset_sent", tcpip, tcpip_.tells_resets(), 0, "this Windows tells no RST that it sends, only segments without a socket and aborts");
    row("call_exit", afd, afd_lines_, afd_lines_, "the text holds no line of Microsoft-Windows-Winsock-AFD");
    row("packet_in", "capture=yes", packets_.seen(), packets_.seen(), "the text holds no packets");
    row("packet_out", "capture=yes", packets_.seen(), packets_.seen(), "the text holds no packets");
    if (events.empty()) return;
    info.started_ns = events.front().time_ns;
    info.ended_ns = events.back().time_ns;
}

Trace Decoder::finish() {
    tcpip_.finish();
    Trace trace;
    trace.events = store_.take_ordered();
    finish_events(trace.events);
    TraceInfo& info = trace.info;
    describe_text(info, "Windows text", host_name(trace.events).c_str());
    if (!packets_.guessed_own()) info.witnesses.front().addresses.assign(packets_.own_addresses().begin(), packets_.own_addresses().end());
    info.unknown_records = unknown_;
    info.foreign_packets = foreign_;
    if (packets_.guessed_own()) info.meta["own_end"] = "guessed";
    info.meta["time.zone"] = clock_.source();
    info.meta["time.zone_name"] = clock_.zone().name();
    if (const auto beginning = clock_.beginning(); beginning && *beginning + clock_.correction() > 0)
        info.meta["time.beginning_ns"] = std::to_string(clock_.to_utc(static_cast<std::uint64_t>(*beginning + clock_.correction())));
    if (const std::uint64_t ns = clock_.uncertainty_ns()) info.meta["time.uncertainty_ns"] = std::to_string(ns);
    describe(info, trace.events);
    return trace;
}

}  // namespace tcpwitness::windows
