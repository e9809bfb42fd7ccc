// Packets in, connections out: rebuilds TCP sessions from a capture alone, with memory for the live ones only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "capture/decoded_packet.h"
#include "correlate/connection.h"
#include "model/trace.h"
#include "parsers/capture_reader.h"
#include "parsers/packet.h"

namespace tcpwitness {

struct CaptureOptions {
    bool keep_all_control = false;  ///< also for sessions without trouble: SYN, FIN and RST, because another witness is asked about them
    std::size_t max_events_per_connection = 2'000;
    std::size_t max_live = 1'000'000;
    std::size_t max_listed = 1'000'000;        ///< ended sessions that become connections; the others are counted
    std::size_t keep_packets = 100'000;        ///< while the capture has no more than about so many, quiet sessions keep their events too
    /// Addresses of hosts; where those of just one are in the capture, they are this witness's own. Else it is found out.
    std::vector<std::vector<Address>> local;
};

/// What a capture holds: one witness, its sessions as connections (ids from 1, events of those that may interest a rule; Connection::wire is
/// always set), and what belongs to none.
struct CaptureStory {
    TraceInfo info;
    std::vector<Connection> connections;
    std::vector<Event> unmatched;      ///< RSTs and ICMP errors of no session, echo requests (markers); by time
    std::uint64_t packets = 0, tcp_packets = 0, bytes = 0;
    std::uint64_t icmp_errors = 0;     ///< about TCP segments; of packets
    std::uint64_t copies = 0;          ///< packets that another interface had shown already; of tcp_packets
    std::map<Opaque, std::uint64_t> opaque;  ///< packets that cannot be looked into
    std::uint64_t not_listed = 0;      ///< sessions beyond max_listed, and troubled ones beyond what memory for events allows
    std::optional<Trace> host_events;  ///< that the file holds among its packets: sockets, calls, timers of the host that made it
    bool on_the_way = false;           ///< neither end of the sessions is the capturing host; the clients' side stands as local
};

class CaptureAnalyzer {
public:
    explicit CaptureAnalyzer(CaptureOptions options = {});
    CaptureAnalyzer(CaptureAnalyzer&&);
    ~CaptureAnalyzer();

    /// In the order of the file. What comes soon is fetched from memory while what comes now is judged: many at once are faster.
    void add(std::span<const DecodedPacket>);
    CaptureStory finish(const CaptureReader& reader) { return finish({this, 1}, reader); }
    /// Of several that have had the same sessions' packets each: every packet was one part's, and all of a tuple's were the same one's.
    static CaptureStory finish(std::span<CaptureAnalyzer> parts, const CaptureReader& reader);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tcpwitness
