#include "case/packets_replayed.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "capture/session_table.h"
#include "parsers/pcapng_format.h"

namespace tcpwitness {

namespace {

/// What the analysis asks of the file that packets came from.
class TextAsCapture : public CaptureReader {
public:
    explicit TextAsCapture(const TraceInfo& info) : info_(info) {}

    Result<bool> next(CapturedPacket&) override { return false; }
    const std::vector<CaptureInterface>& interfaces() const override { return interfaces_; }
    const std::string& cut_note() const override { return info_.cut_note; }
    std::uint64_t offset() const override { return 0; }
    std::string software() const override { return info_.tool; }
    std::vector<Address> own_addresses() const override { return info_.witnesses.empty() ? std::vector<Address>{} : info_.witnesses.front().addresses; }

private:
    const TraceInfo& info_;
    std::vector<CaptureInterface> interfaces_ = {{1, "text", ""}};
};

Packet packet_of(const Event& event, const Segment& segment) {
    Packet packet;
    packet.kind = Packet::Kind::tcp;
    const Endpoint &from = segment.outgoing ? event.flow.local : event.flow.peer, &to = segment.outgoing ? event.flow.peer : event.flow.local;
    packet.source = from.address;
    packet.destination = to.address;
    packet.source_port = from.port;
    packet.destination_port = to.port;
    packet.seq = segment.seq;
    packet.ack = segment.ack;
    packet.window = segment.window;
    packet.flags = segment.flags;
    packet.ttl = segment.ttl;
    packet.ip_id = segment.ip_id;
    packet.payload = segment.payload;
    packet.dont_fragment = segment.dont_fragment;
    packet.has_timestamps = segment.has_timestamps;
    packet.tsval = segment.tsval;
    packet.tsecr = segment.tsecr;
    packet.mss = segment.mss;
    packet.marks = segment.marks;
    packet.window_scale = segment.window_scale;
    return packet;
}

Packet packet_of(const Event& event, const Icmp& icmp) {
    const bool own = event.flow.local.address == icmp.receiver;
    const Endpoint &from = own ? event.flow.local : event.flow.peer, &to = own ? event.flow.peer : event.flow.local;
    Packet packet;
    packet.kind = Packet::Kind::icmp_error;
    packet.source = from.address;
    packet.destination = to.address;
    packet.source_port = from.port;
    packet.destination_port = to.port;
    packet.seq = icmp.quoted_seq;
    packet.icmp_v6 = icmp.v6;
    packet.icmp_type = icmp.type;
    packet.icmp_code = icmp.code;
    packet.icmp_mtu = icmp.mtu;
    packet.icmp_sender = icmp.sender;
    packet.icmp_receiver = icmp.receiver;
    return packet;
}

}  // namespace

bool packets_alone(const Trace& trace) {
    return !trace.events.empty() && std::all_of(trace.events.begin(), trace.events.end(), [](const Event& event) { return event.as<Segment>() || event.as<Icmp>(); });
}

CaptureStory replay_packets(Trace trace, const CaptureOptions& options) {
    const TextAsCapture reader(trace.info);
    CaptureAnalyzer analyzer(options);
    std::uint64_t frame = 0;
    for (const Event& event : trace.events) {
        const Segment* segment = event.as<Segment>();
        const Icmp* icmp = event.as<Icmp>();
        if (!segment && !icmp) continue;
        DecodedPacket decoded;
        decoded.packet = segment ? packet_of(event, *segment) : packet_of(event, *icmp);
        decoded.hash = SessionTable::hash_of(decoded.packet);
        decoded.captured.time_ns = event.time_ns;
        decoded.captured.frame = ++frame;
        decoded.captured.original_length = decoded.packet.payload;
        analyzer.add({&decoded, 1});
    }
    CaptureStory story = analyzer.finish(reader);
    story.info.meta.insert(trace.info.meta.begin(), trace.info.meta.end());
    story.info.unknown_records = trace.info.unknown_records;
    story.info.foreign_packets = trace.info.foreign_packets;
    std::move(trace.info.undecoded.begin(), trace.info.undecoded.end(), std::back_inserter(story.info.undecoded));
    return story;
}

}  // namespace tcpwitness
