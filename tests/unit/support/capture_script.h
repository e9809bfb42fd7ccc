// Captures written by hand: a session's segments, with sequence numbers that count from each end's first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/capture.h"
#include "capture/session_table.h"
#include "model/event.h"

namespace test {

inline constexpr std::uint32_t client_isn = 1'000'000, server_isn = 4'294'900'000;  // the server's wraps soon
inline constexpr std::uint64_t ms = 1'000'000, start_ns = 1'700'000'000'000'000'000;

/// A segment; times in milliseconds since the capture began, seq and ack relative to the ISNs.
struct Sent {
    double at_ms = 0;
    std::uint32_t seq = 1, ack = 1, len = 0;
    std::uint8_t flags = tcpwitness::tcp_flag::ack;
    std::uint16_t window = 500;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> sack;  ///< relative
    int ip_id = -1;      ///< -1: the next of that end
    int tsval = -1;      ///< -1: by time, a millisecond a tick; 0: no timestamps
    int tsecr = 0;
    std::uint8_t ttl = 64;
    std::uint32_t interface = 0;
    std::int8_t direction = 0;
};

class NoReader : public tcpwitness::CaptureReader {
public:
    tcpwitness::Result<bool> next(tcpwitness::CapturedPacket&) override { return false; }
    const std::vector<tcpwitness::CaptureInterface>& interfaces() const override { return interfaces_; }
    const std::string& cut_note() const override { return cut_note_; }
    std::uint64_t offset() const override { return 0; }

private:
    std::vector<tcpwitness::CaptureInterface> interfaces_;
    std::string cut_note_;
};

class CaptureScript {
public:
    /// `parts`: analysers that share the sessions, as threads do.
    explicit CaptureScript(tcpwitness::CaptureOptions options = {}, std::size_t parts = 1) {
        for (std::size_t i = 0; i < parts; ++i) analyzers_.emplace_back(options);
    }

    CaptureScript& client(const Sent& sent) { return add(sent, false); }
    CaptureScript& server(const Sent& sent) { return add(sent, true); }
    CaptureScript& syn(double at_ms) { return client({.at_ms = at_ms, .seq = 0, .ack = 0, .flags = tcpwitness::tcp_flag::syn}); }
    CaptureScript& syn_ack(double at_ms) { return server({.at_ms = at_ms, .seq = 0, .flags = tcpwitness::tcp_flag::syn | tcpwitness::tcp_flag::ack}); }
    /// Three segments, 10 ms apart.
    CaptureScript& handshake(double at_ms = 0) { return syn(at_ms).syn_ack(at_ms + 10).client({.at_ms = at_ms + 20}); }
    /// Both FINs, after so many bytes of each.
    CaptureScript& close(double at_ms, std::uint32_t client_sent = 0, std::uint32_t server_sent = 0) {
        using namespace tcpwitness;
        const std::uint8_t fin = tcp_flag::fin | tcp_flag::ack;
        client({.at_ms = at_ms, .seq = 1 + client_sent, .ack = 1 + server_sent, .flags = fin});
        server({.at_ms = at_ms + 10, .seq = 1 + server_sent, .ack = 2 + client_sent, .flags = fin});
        return client({.at_ms = at_ms + 20, .seq = 2 + client_sent, .ack = 2 + server_sent});
    }
    /// From now on, segments are of another tuple.
    CaptureScript& port(std::uint16_t client_port) {
        client_port_ = client_port;
        return *this;
    }
    CaptureScript& server_port(std::uint16_t port) {
        server_port_ = port;
        return *this;
    }
    /// From now on, frames have link-layer addresses: the server's, and a router's for each client port.
    CaptureScript& macs() {
        macs_ = true;
        return *this;
    }
    /// From now on, segments are between these.
    CaptureScript& between(const char* client, const char* server, std::uint16_t server_port) {
        client_ = *tcpwitness::Address::parse(client);
        server_ = *tcpwitness::Address::parse(server);
        server_port_ = server_port;
        return *this;
    }
    CaptureScript& isn(std::uint32_t client) {
        client_isn_ = client;
        return *this;
    }
    /// Something else, so that the capture goes on until then.
    CaptureScript& until(double at_ms) {
        tcpwitness::Packet other;
        captured_.time_ns = time(at_ms);
        ++captured_.frame;
        push(other);
        return *this;
    }
    CaptureScript& icmp(double at_ms, std::uint8_t code, std::uint32_t mtu = 0);

    tcpwitness::CaptureStory finish() { return tcpwitness::CaptureAnalyzer::finish(analyzers_, NoReader{}); }
    /// Marks of all segments that were kept, by frame.
    static std::vector<std::uint32_t> marks(const tcpwitness::Connection& c) {
        std::vector<std::uint32_t> all;
        for (const auto& event : c.events)
            if (const auto* segment = event.as<tcpwitness::Segment>()) all.push_back(segment->marks);
        return all;
    }

private:
    static std::uint64_t time(double at_ms) { return static_cast<std::uint64_t>(static_cast<std::int64_t>(start_ns) + static_cast<std::int64_t>(at_ms * 1e6)); }

    CaptureScript& add(const Sent& sent, bool server) {
        tcpwitness::Packet packet = ends(server);
        packet.kind = tcpwitness::Packet::Kind::tcp;
        const std::uint32_t own = server ? server_isn : client_isn_, other = server ? client_isn_ : server_isn;
        packet.seq = own + sent.seq;
        packet.ack = sent.flags & tcpwitness::tcp_flag::ack ? other + sent.ack : 0;
        packet.flags = sent.flags;
        packet.window = sent.window;
        packet.payload = sent.len;
        packet.ttl = sent.ttl;
        packet.ip_id = sent.ip_id >= 0 ? static_cast<std::uint16_t>(sent.ip_id) : ++ids_[server];
        packet.has_timestamps = sent.tsval != 0;
        packet.tsval = sent.tsval > 0 ? static_cast<std::uint32_t>(sent.tsval) : packet.has_timestamps ? 1'000 + static_cast<std::uint32_t>(sent.at_ms) : 0;
        packet.tsecr = static_cast<std::uint32_t>(sent.tsecr ? sent.tsecr : packet.has_timestamps ? packet.tsval : 0);
        if (packet.flags & tcpwitness::tcp_flag::syn) {
            packet.mss = 1460;
            packet.window_scale = 7;
            packet.sack_permitted = true;
        }
        for (const auto& [left, right] : sent.sack) packet.sack[packet.sack_count++] = {other + left, other + right};
        packet.direction = sent.direction;
        captured_.time_ns = time(sent.at_ms);
        captured_.interface = sent.interface;
        captured_.original_length = 66 + sent.len;
        ++captured_.frame;
        push(packet);
        return *this;
    }
    tcpwitness::Packet ends(bool server) const {
        tcpwitness::Packet packet;
        packet.source = server ? server_ : client_;
        packet.destination = server ? client_ : server_;
        packet.source_port = server ? server_port_ : client_port_;
        packet.destination_port = server ? client_port_ : server_port_;
        packet.has_mac = macs_;
        packet.source_mac = {2, server, 0, 0, 0, static_cast<std::uint8_t>(server ? 0 : client_port_)};
        return packet;
    }

    void push(const tcpwitness::Packet& packet) {
        const tcpwitness::DecodedPacket one[] = {{captured_, packet, tcpwitness::SessionTable::hash_of(packet)}};
        analyzers_[one->hash % analyzers_.size()].add(one);
    }

    std::vector<tcpwitness::CaptureAnalyzer> analyzers_;
    tcpwitness::CapturedPacket captured_;
    std::uint16_t ids_[2] = {100, 7'000};
    tcpwitness::Address client_ = *tcpwitness::Address::parse("10.0.0.1"), server_ = *tcpwitness::Address::parse("192.0.2.9");
    std::uint16_t server_port_ = 443;
    std::uint16_t client_port_ = 40'000;
    std::uint32_t client_isn_ = client_isn;
    bool macs_ = false;
};

inline CaptureScript& CaptureScript::icmp(double at_ms, std::uint8_t code, std::uint32_t mtu) {
    tcpwitness::Packet packet = ends(false);
    packet.kind = tcpwitness::Packet::Kind::icmp_error;
    packet.icmp_type = 3;
    packet.icmp_code = code;
    packet.icmp_mtu = mtu;
    packet.seq = client_isn_;
    packet.icmp_sender = *tcpwitness::Address::parse("10.0.0.254");
    packet.icmp_receiver = packet.source;
    captured_.time_ns = time(at_ms);
    ++captured_.frame;
    push(packet);
    return *this;
}

}  // namespace test
