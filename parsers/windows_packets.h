// Packets that a Windows trace holds as text. Which of the two addresses is the host's own shows only when all is read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/event.h"
#include "parsers/windows_line.h"
#include "parsers/windows_sockets.h"

namespace tcpwitness::windows {

class Packets {
public:
    explicit Packets(Sockets& sockets) : sockets_(sockets) {}

    /// Network Monitor's "TCP:Flags=......S., SrcPort=...". False for what it does not show as a TCP segment between addresses.
    bool take_monitor(const Line&, std::uint64_t time_ns);

    /// pktmon's line before a packet, and the packet itself, as tcpdump prints it. False for one that is not TCP, or no packet.
    void announce(const Line&, std::uint64_t time_ns);
    bool awaits() const { return announced_.has_value(); }
    bool take_pktmon(std::string_view text);
    void forget_announced() { announced_.reset(); }

    /// A packet of a capture beside the text, which tells of its sockets' addresses; no event is made of it. `outgoing` where the capture tells it.
    void see_captured(const Segment&, const Flow& from_to, std::optional<bool> outgoing, std::uint64_t time_ns);

    const std::set<Address>& own_addresses() const { return local_; }

    /// As the user says: this counts before all that the text tells.
    void own_is(const std::vector<Address>& addresses) { given_.insert(addresses.begin(), addresses.end()); }
    void is_local(const Address& address) { if (local_.size() < most_addresses && !address.unspecified()) local_.insert(address); }
    void is_peer(const Address& address) { if (peers_.size() < most_addresses && !address.unspecified()) peers_.insert(address); }

    /// A connection has just entered SYN-RECEIVED: the SYN before it came in. Its flow as this host sees it, where there was one.
    std::optional<Flow> take_syn(std::uint64_t time_ns);

    /// The packet from `from` to `to` was seen just before.
    bool just_seen(const Endpoint& from, const Endpoint& to, std::uint64_t time_ns) const { return last({from, to}, time_ns); }

    /// What the segment was that a RST answers or that was dropped, where the trace holds it.
    void answer(ResetSent&, const Flow& own, std::uint64_t time_ns) const;
    void describe(Drop&, const Flow& own, std::uint64_t time_ns) const;
    /// The flow of the SYN-ACK with this number, as its sender sees it, and the number of the SYN that it answers.
    void find_syn_ack(std::uint32_t seq, Flow& flow, std::uint32_t& received_isn) const;

    std::uint64_t seen() const { return seen_; }

    /// Turns every segment round that came in: source and destination are local and peer until then.
    void orient(std::vector<Event>& events);
    /// Nothing told which address is the host's own: it is the one with most packets, or the client.
    bool guessed_own() const { return guessed_; }

private:
    static constexpr std::size_t most_addresses = 1u << 20;
    struct Announced {
        std::uint64_t time_ns = 0;
        std::uint16_t cpu = 0;
        bool dropped = false;
        std::optional<bool> outgoing;
        std::string reason, place, head;   ///< head: the packet's first line, when it has two
    };
    struct Last {
        std::uint64_t time_ns = 0;
        std::uint32_t seq = 0, ack = 0, payload = 0;
        std::uint8_t flags = 0;
    };
    struct SynAck {
        Flow flow;
        std::uint32_t answers = 0;
    };
    struct SentHere {
        std::uint64_t packets = 0, unfinished_checksums = 0, by_process = 0;
    };
    bool learn(const Segment&, const Flow& from_to, std::uint64_t time_ns);
    void add(const Segment&, const Flow& from_to, std::uint64_t time_ns, std::uint16_t cpu);
    const Last* last(const Flow& from_to, std::uint64_t time_ns) const;
    static std::optional<Address> column(std::string_view text);
    std::optional<std::pair<Address, Address>> addresses(std::string_view text) const;
    void note_sender(const Line&, const Address& from, const Address& to, const Segment&);
    std::optional<Address> marked_own() const;

    Sockets& sockets_;
    std::optional<Announced> announced_;
    std::set<Address> given_, local_, peers_;
    std::map<Address, SentHere> signs_;       ///< by sender, of rows
    std::optional<Address> first_client_;     ///< who sent the first SYN
    bool guessed_ = false;
    std::unordered_map<Flow, Last, FlowHash> last_;  ///< by source and destination
    std::unordered_map<std::uint32_t, SynAck> syn_acks_;
    std::uint64_t seen_ = 0;
    Flow last_syn_;                ///< from and to
    std::uint64_t last_syn_ns_ = 0;
};

}  // namespace tcpwitness::windows
