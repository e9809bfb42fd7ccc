#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "capture/capture.h"
#include "capture/copies.h"
#include "capture/exchange.h"
#include "capture/handshake.h"
#include "capture/icmp_notes.h"
#include "capture/sender_state.h"
#include "capture/session_table.h"
#include "capture/story_builder.h"
#include "capture/telling.h"
#include "capture/wire_state.h"
#include "parsers/packet_headers.h"
#include "parsers/pcapng_format.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t s = 1'000'000'000, day_ns = 86'400 * s;

// When a session is put aside though its tuple may be heard of again; as long as there are few, they all stay (cf. Zeek's timeouts).
constexpr std::size_t few_sessions = 16'384;
constexpr std::uint64_t over_ns = 1 * s, attempt_ns = 150 * s, idle_ns = 300 * s;  // 127 s: what Linux takes to give up a connect()
constexpr std::size_t looked_at = 4;          // for each new session
constexpr std::size_t looked_at_full = 256;

// Chunks of the log in use from which on each session is allowed fewer: 128 MB, 256 MB.
constexpr std::size_t many_chunks = 250'000, too_many_chunks = 500'000;
constexpr std::uint32_t short_log = 16, shortest_log = 3;

// Packets between asking the memory for something and looking at it.
constexpr std::size_t slot_ahead = 16, session_ahead = 10, log_ahead = 4;

constexpr std::uint64_t pause_ns = 3'600'000'000'000;
constexpr std::size_t most_pauses = 1'000;

std::int8_t direction_of(const CapturedPacket& captured, const Packet& packet) {
    const std::uint32_t told = captured.flags & pcapng::direction_mask;
    return told == pcapng::flag_inbound ? -1 : told == pcapng::flag_outbound ? 1 : packet.direction;
}

}  // namespace

class CaptureAnalyzer::Impl {
public:
    explicit Impl(CaptureOptions options)
        : log_chunks_(static_cast<std::uint32_t>(std::max<std::size_t>(options.max_events_per_connection / LogPool::per_chunk, shortest_log))),
          options_(std::move(options)), ended_(pool_, options_) {}

    void add(std::span<const DecodedPacket> packets) {
        for (std::size_t i = 0; i < packets.size(); ++i) {
            expect(packets, i);
            add(packets[i], time_of(packets, i));
        }
    }

    static CaptureStory finish(std::span<CaptureAnalyzer> analyzers, const CaptureReader& reader) {
        CaptureStory counts;
        std::vector<CapturePart> parts;
        std::uint64_t first_ns = UINT64_MAX, last_ns = 0, untimed = 0;
        for (CaptureAnalyzer& analyzer : analyzers) {
            Impl& part = *analyzer.impl_;
            part.table_.for_each([&](Session& session) { part.end(session); });
            parts.push_back({part.ended_, part.pool_, part.macs_, part.icmp_, part.first_frames_});
            if (part.packets_) first_ns = std::min(first_ns, part.first_ns_);
            last_ns = std::max(last_ns, part.last_ns_);
            counts.packets += part.packets_;
            counts.tcp_packets += part.tcp_packets_;
            counts.icmp_errors += part.icmp_errors_;
            counts.copies += part.copies_;
            counts.bytes += part.bytes_;
            untimed += part.untimed_;
            for (const auto& [what, count] : part.opaque_) counts.opaque[what] += count;
        }
        std::vector<Pause> pauses = common_pauses(analyzers, last_ns);
        CaptureStory story = StoryBuilder(parts, reader, analyzers.front().impl_->options_).build(counts.packets ? first_ns : 0, last_ns, pauses);
        story.packets = counts.packets;
        story.tcp_packets = counts.tcp_packets;
        story.icmp_errors = counts.icmp_errors;
        story.copies = counts.copies;
        story.bytes = counts.bytes;
        for (const auto& [what, count] : counts.opaque) story.info.undecoded.emplace_back(words_for(what), count);
        story.opaque = std::move(counts.opaque);
        story.info.pauses = std::move(pauses);
        if (untimed) story.info.damage.push_back(fmt::format("the time of {} cannot be", count_text(untimed, "packet", "packets")));
        return story;
    }

private:
    /// Times in which no part had a packet.
    static std::vector<Pause> common_pauses(std::span<CaptureAnalyzer> analyzers, std::uint64_t last_ns) {
        std::vector<Pause> common{{0, last_ns}};
        for (const CaptureAnalyzer& analyzer : analyzers) {
            const Impl& part = *analyzer.impl_;
            if (!part.packets_) continue;
            std::vector<Pause> own{{0, part.first_ns_}};
            own.insert(own.end(), part.pauses_.begin(), part.pauses_.end());
            own.push_back({part.last_ns_, last_ns});
            std::vector<Pause> both;
            for (const Pause& a : common)
                for (const Pause& b : own)
                    if (const Pause one{std::max(a.from_ns, b.from_ns), std::min(a.to_ns, b.to_ns)}; one.from_ns && one.from_ns + pause_ns <= one.to_ns) both.push_back(one);
            common = std::move(both);
        }
        return common;
    }

    /// Sessions are spread over more memory than a cache holds.
    void expect(std::span<const DecodedPacket> packets, std::size_t now) const {
        if (now + slot_ahead < packets.size()) table_.expect(packets[now + slot_ahead].hash);
        if (now + session_ahead < packets.size())
            if (const Session* session = table_.likely(packets[now + session_ahead].hash)) session->expect();
        if (now + log_ahead >= packets.size()) return;
        const Session* session = table_.likely(packets[now + log_ahead].hash);
        if (!session) return;
        session->log.expect(pool_);
        for (const Side& side : session->sides) side.sent.expect();
    }

    /// More than a day away from both of its neighbours, which agree.
    bool strays(std::span<const DecodedPacket> packets, std::size_t at) const {
        if (now_ns_ == 0 || at + 1 == packets.size() || !packets[at + 1].captured.has_time) return false;
        const auto apart = [](std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; };
        const std::uint64_t time_ns = packets[at].captured.time_ns, next_ns = packets[at + 1].captured.time_ns;
        return apart(now_ns_, next_ns) < day_ns && apart(time_ns, now_ns_) > day_ns && apart(time_ns, next_ns) > day_ns;
    }

    /// A packet without a time has that of the one before it. One of 1970 among those of today, of the end of all times, or of another year than those before
    /// and after it, has none either.
    std::uint64_t time_of(std::span<const DecodedPacket> packets, std::size_t at) {
        const CapturedPacket& captured = packets[at].captured;
        if (!captured.has_time) return now_ns_;
        if (captured.time_ns != 0 && captured.time_ns != UINT64_MAX) {
            if (!strays(packets, at)) return captured.time_ns;
            ++untimed_;
            return now_ns_;
        }
        std::uint64_t later_ns = 0;
        for (std::size_t i = at + 1; i < packets.size() && later_ns == 0; ++i)
            if (packets[i].captured.has_time && packets[i].captured.time_ns != UINT64_MAX) later_ns = packets[i].captured.time_ns;
        if (captured.time_ns == 0 && later_ns < day_ns && now_ns_ < day_ns) return 0;  // its times count from its beginning
        ++untimed_;
        return now_ns_ > later_ns ? now_ns_ : later_ns;
    }

    void add(const DecodedPacket& decoded, std::uint64_t time_ns) {
        const CapturedPacket& captured = decoded.captured;
        const Packet& packet = decoded.packet;
        ++packets_;
        bytes_ += captured.original_length;
        now_ns_ = time_ns;
        if (first_ns_ == 0 || now_ns_ < first_ns_) first_ns_ = now_ns_;
        if (last_ns_ && now_ns_ >= last_ns_ + pause_ns && pauses_.size() < most_pauses) pauses_.push_back({last_ns_, now_ns_});
        last_ns_ = std::max(last_ns_, now_ns_);
        switch (packet.kind) {
            case Packet::Kind::tcp: return add_segment(decoded);
            case Packet::Kind::icmp_error: return add_icmp(decoded);
            case Packet::Kind::echo_request: return icmp_.add(captured, packet, nullptr);
            case Packet::Kind::fragment: break;
            case Packet::Kind::other:
                if (packet.opaque.what != Opaque::What::none) ++opaque_[packet.opaque];
                break;
        }
    }

    void add_segment(const DecodedPacket& decoded) {
        const CapturedPacket& captured = decoded.captured;
        const Packet& packet = decoded.packet;
        ++tcp_packets_;
        if (known_.seen_before(packet, decoded.hash, captured.interface, now_ns_)) {
            ++copies_;
            return;
        }
        bool from_server = false;
        Session* session = table_.find(packet, decoded.hash, from_server);
        if (session && begins_anew(*session, from_server, packet, now_ns_)) {
            end(*session);
            session = nullptr;
        }
        if (!session) {
            make_room();
            session = &begin(decoded, from_server);
        }
        Side& side = session->side(from_server);
        const LogHandle log = session->log.add(pool_, logged(captured, packet, from_server, side), log_limit());
        const Before before(*session, from_server);
        const std::uint32_t marks = judge_segment(*session, from_server, packet, now_ns_, log, pool_);
        pool_.at(log).marks |= marks | packet.marks;
        take_handshake(*session, from_server, packet, now_ns_);
        take_wire_state(*session, from_server, packet, marks);
        watch_exchange(*session, from_server, packet, marks, now_ns_);
        keep_telling(*session, from_server, packet, before, marks, now_ns_, log, pool_);
        session->last_ns = std::max(session->last_ns, now_ns_);
        session->last_frame = captured.frame;
        side.last_ns = now_ns_;
        ++side.wire.packets;
        if (side.wire.ttl == 0) side.wire.ttl = packet.ttl;
        const int votes = side.local_votes + direction_of(captured, packet);
        side.local_votes = static_cast<std::int8_t>(std::clamp(votes, -100, 100));
    }

    Session& begin(const DecodedPacket& decoded, bool& from_server) {
        const Packet& packet = decoded.packet;
        const bool by_client = client_sends(packet);
        from_server = !by_client;
        Session& session = table_.insert(packet, decoded.hash, by_client);
        session.stream = static_cast<std::uint32_t>(first_frames_.size());
        first_frames_.push_back(decoded.captured.frame);
        session.begin_ns = session.last_ns = now_ns_;
        session.first_frame = decoded.captured.frame;
        session.preexisting = (packet.flags & tcp_flag::syn) == 0;
        return session;
    }

    LoggedPacket logged(const CapturedPacket& captured, const Packet& packet, bool from_server, Side& side) {
        LoggedPacket log{};
        log.time_ns = now_ns_;
        log.frame = captured.frame;
        log.packet_id = captured.id;
        copy_headers(packet, log);
        log.interface = static_cast<std::uint16_t>(captured.interface);
        log.mac = packet.has_mac ? macs_.number(packet.source_mac) : 0;
        log.from_server = from_server;
        if (side.mac == 0) side.mac = log.mac;
        return log;
    }

    void add_icmp(const DecodedPacket& decoded) {
        const CapturedPacket& captured = decoded.captured;
        const Packet& packet = decoded.packet;
        ++icmp_errors_;
        bool from_server = false;
        Session* session = table_.find(packet, decoded.hash, from_server);
        icmp_.add(captured, packet, session);
        if (!session) return;
        session->icmp = true;
        session->interests |= interest::icmp;
        if (packet.icmp_mtu) {
            session->too_big_ns = now_ns_;
            session->too_big_mtu = packet.icmp_mtu;
        } else if (!session->established) {
            session->icmp_error = errno_of(packet);
        }
    }

    std::uint32_t log_limit() const {
        const std::size_t used = pool_.in_use();
        return used < many_chunks ? log_chunks_ : std::min(log_chunks_, used < too_many_chunks ? short_log : shortest_log);
    }

    void make_room() {
        if (table_.size() < std::min(few_sessions, options_.max_live)) return;
        const bool full = table_.size() >= options_.max_live;
        const bool crowded = table_.size() > options_.max_live / 2;
        const auto stale = [&](const Session& session) {
            const std::uint64_t quiet = since_ns(session.last_ns, now_ns_);
            return quiet >= (session.over() ? over_ns : !session.established ? attempt_ns : idle_ns) && (crowded || !session.established || session.over());
        };
        table_.sweep(looked_at, [&](Session& session) {
            if (stale(session)) end(session);
        });
        if (!full || table_.size() < options_.max_live) return;
        Session* idlest = nullptr;
        table_.sweep(looked_at_full, [&](Session& session) {
            if (!idlest || session.last_ns < idlest->last_ns) idlest = &session;
        });
        if (idlest) end(*idlest);
    }

    void end(Session& session) {
        watch_end(session, now_ns_);
        ended_.add(session);
        table_.erase(session);
    }

    LogPool pool_;
    MacTable macs_;
    SessionTable table_;
    Copies known_;
    IcmpNotes icmp_;
    std::uint32_t log_chunks_;
    const CaptureOptions options_;
    EndedSessions ended_;
    std::vector<std::uint64_t> first_frames_;  ///< of all sessions
    std::uint64_t packets_ = 0, tcp_packets_ = 0, icmp_errors_ = 0, copies_ = 0, bytes_ = 0;
    std::uint64_t now_ns_ = 0, first_ns_ = 0, last_ns_ = 0;
    std::vector<Pause> pauses_;
    std::map<Opaque, std::uint64_t> opaque_;
    std::uint64_t untimed_ = 0;  ///< packets whose time cannot be
};

CaptureAnalyzer::CaptureAnalyzer(CaptureOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
CaptureAnalyzer::~CaptureAnalyzer() = default;
void CaptureAnalyzer::add(std::span<const DecodedPacket> packets) { impl_->add(packets); }
CaptureAnalyzer::CaptureAnalyzer(CaptureAnalyzer&&) = default;
CaptureStory CaptureAnalyzer::finish(std::span<CaptureAnalyzer> parts, const CaptureReader& reader) { return Impl::finish(parts, reader); }

}  // namespace tcpwitness
