// What several rules ask of a connection and its story, and how they word it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

// --- words ---
std::string who(const Task&);                            ///< "curl[7]", "pid 7", "" when not known
std::string who(const Connection&);                      ///< its owner, else its address where there are only packets, else "an unknown process"
std::string place(const Story&, WitnessId);              ///< the witness's name
std::string at_place(const Story&, const Connection&);   ///< " on edge", or nothing when the story has one witness only
std::string intervals_text(const std::vector<std::uint64_t>& times_ns);  ///< "after 1.0 s, 1.0 s and 2.0 s"
bool on_this_host(const Connection&);                    ///< both ends have one address: no path and no other host between them
std::string record_on(const Address&);                   ///< "record on 192.0.2.1 at the same time"
std::string killer(const ProcessExit&);                  ///< of one that a signal ended: "SIGTERM", "the kernel's OOM killer (SIGKILL)"
std::string since(std::uint64_t from_ns, std::uint64_t to_ns);           ///< duration_text, never negative

// --- events ---
template <typename Body>
const Event* first(const Connection& c) {
    for (const Event& event : c.events)
        if (event.as<Body>()) return &event;
    return nullptr;
}
template <typename Body>
const Event* last(const Connection& c) {
    for (auto event = c.events.rbegin(); event != c.events.rend(); ++event)
        if (event->template as<Body>()) return &*event;
    return nullptr;
}
/// Packets of the connection that `wanted(const Segment&)` accepts.
template <typename Wanted>
std::vector<const Event*> packets(const Connection& c, Wanted wanted) {
    std::vector<const Event*> found;
    for (const Event& event : c.events)
        if (const Segment* segment = event.as<Segment>(); segment && wanted(*segment)) found.push_back(&event);
    return found;
}
std::vector<const Event*> resets_in(const Connection&);   ///< RST packets that came in
/// When the connection's SYNs left: the packets, or the state change and its retransmits where no packet was seen.
std::vector<const Event*> syns_sent(const Connection&);
const Event* failed_connect(const Connection&);           ///< the connect() exit that brought the error to the application
const Event* icmp_refusal(const Connection&);             ///< the last ICMP error about it that came in, other than "too big"
bool refuses(const Icmp&);                                ///< ECONNREFUSED: port or protocol unreachable
void cite(Finding&, const Event*);
void cite(Finding&, const std::vector<const Event*>&);

// --- coverage ---
// Each asks what a witness could tell: a rule that concludes from absence asks about the witness that it concludes about.
bool packets_seen(const Story&, WitnessId);  ///< the packet probes were there, or it is a capture: absence of a packet means something
bool resets_told(const Story&, WitnessId);   ///< the reset-sent probe was there
bool bare_resets_told(const Story&, WitnessId);  ///< and it, or the one that helps it out before 6.10, tells resets without a socket too
bool calls_told(const Story&, WitnessId);    ///< the probe that tells what calls returned was there
/// The witness saw packets all the time that the finding is about, as far as its recording reaches; what was lost in it is another matter.
bool watched(const Story&, WitnessId, const Finding&);
/// The same of a time that `asking` tells.
bool watched(const Story&, WitnessId, WitnessId asking, std::uint64_t from_ns, std::uint64_t to_ns);
/// What this witness did not see is part of the proof.
void lean_on(Finding&, WitnessId, Evidence = Evidence::packets, std::uint64_t until_ns = 0);
/// What another witness sent never came to this one: it must have been recorded then by the other's clock, too.
void lean_on_arrival(Finding&, WitnessId silent, WitnessId sender);
/// Which witness has an address: as the user says, else as far as recorded addresses and sockets tell.
class Homes {
public:
    explicit Homes(const Story&);
    std::optional<WitnessId> of(const Address&, WitnessId asking) const;
    /// A guess where nothing tells the address: the only other witness that listens on the port at any address.
    std::optional<WitnessId> guess(const Endpoint&, WitnessId asking) const;

private:
    void add(const Address&, WitnessId);
    bool on_path(WitnessId) const;

    const Story& story_;
    std::map<Address, std::set<WitnessId>> homes_;  ///< as recordings and the user tell
    std::set<Address> stated_;
    std::map<std::uint16_t, std::set<WitnessId>> wildcards_;
};

/// Handshakes that came to a witness and whose other end is nobody's here. Where one that should be there is not, one of them may be it: records that
/// would join the two may be missing, or a device on the path may give SYNs other numbers and ports.
class Strangers {
public:
    explicit Strangers(const Story& story) : story_(story) {}
    /// One at the witness, from the client's address to its peer's port, of that time.
    const Connection* like(const Connection& client, WitnessId) const;

private:
    struct Way {
        WitnessId witness;
        Address from;
        std::uint16_t to_port;

        auto operator<=>(const Way&) const = default;
    };
    const std::vector<const Connection*>& at(const Way&) const;

    const Story& story_;
    mutable std::map<Way, std::vector<const Connection*>> by_way_;  ///< in order of time
    mutable std::set<std::pair<WitnessId, std::uint16_t>> made_;
};

/// False, and says so in the finding: a stranger may be the one that the witness seems not to have seen. Most rules never ask: the first question
/// gathers them.
bool surely_unseen(Finding&, const Story&, const Connection& client, WitnessId, std::optional<Strangers>&);

/// What a witness that is no end of the flow saw of one kind of packet.
struct Sighting {
    WitnessId witness = 0;
    std::vector<const Event*> entered, left;
};
enum class PacketKind { syn, syn_ack, rst };
/// By every witness, of packets that belong to no connection, sent under the name of `source`.
std::vector<Sighting> sightings(const Story&, const Flow&, const Endpoint& source, PacketKind);
/// Of the SYNs that the connection sent, also where a device on the way rewrote their addresses.
std::vector<Sighting> sightings_of_syns(const Story&, const Connection&);
std::string interface_name(const Story&, const Event& packet);

/// What witnesses on the way tell about packets of this kind: "the RST was first seen leaving mid on eth1; it never came in there".
/// Cites the packets in the finding. Returns the witness that made a packet, or where it got lost.
std::optional<WitnessId> tell_origin(Finding&, const Story&, const Flow&, const Endpoint& source, PacketKind);
std::optional<WitnessId> tell_loss(Finding&, const Story&, const Flow&, const Endpoint& source, PacketKind);

/// The RST that a packet filter made for this flow, as its kernel told (an optional probe); null where nobody saw one.
const Event* firewall_reset(const Story&, const Flow&, WitnessId);
const Event* firewall_reset(const Story&, const Connection&);
/// Says so and cites it; false when there is none.
bool tell_reject(Finding&, const Story&, const Event* reset);

/// A finding about `connection` with the fields that every rule fills.
Finding about(const char* rule, Culprit, Certainty, const Connection& connection, std::uint64_t time_ns);
void add_end(Finding&, const Connection* other);

/// Connections that something resets on purpose, time after time: at least three, short, next to no data, evenly spaced.
std::set<ConnectionId> regular_resets(const std::map<std::string, std::vector<const Connection*>>& groups);

}  // namespace tcpwitness
