// Makes a trace of a Windows trace's lines, whatever file they come from.
#pragma once

#include <optional>
#include <set>
#include <string_view>

#include "model/trace.h"
#include "parsers/event_store.h"
#include "parsers/packet.h"
#include "parsers/windows_afd.h"
#include "parsers/windows_clock.h"
#include "parsers/windows_packets.h"
#include "parsers/windows_tcpip.h"
#include "parsers/windows_values.h"

namespace tcpwitness::windows {

class Decoder {
public:
    /// What a trace may hold in memory.
    static constexpr std::size_t max_events = 20'000'000;

    /// `own`: the host's addresses, as the user says.
    explicit Decoder(std::optional<TimeZone> zone, const std::vector<Address>& own = {}) : clock_(std::move(zone)) {
        packets_.own_is(own);
    }

    /// False: there is no room for more, the rest of the file is left out.
    bool take(std::string_view text);
    bool take(const Line&);  ///< one that was taken apart already, of any provider but none
    /// A packet of a capture beside the lines: what it says of their sockets is learnt, it becomes no event.
    void see(const Packet&, std::optional<bool> outgoing, std::uint64_t time_ns);
    const std::set<Address>& own_addresses() const { return packets_.own_addresses(); }  ///< as far as the lines told them by now

    bool any() const { return lines_ > 0; }

    /// The trace of all lines so far; ends the decoder's use.
    Trace finish();

private:
    void finish_events(std::vector<Event>&);
    std::string host_name(const std::vector<Event>&) const;
    void describe(TraceInfo&, const std::vector<Event>&) const;

    Clock clock_;
    EventStore store_;
    Sockets sockets_{store_};
    Packets packets_{sockets_};
    Tcpip tcpip_{sockets_, packets_};
    Afd afd_{sockets_, packets_};
    std::uint64_t lines_ = 0, unknown_ = 0, foreign_ = 0;
    std::uint64_t tcpip_lines_ = 0, afd_lines_ = 0;
};

}  // namespace tcpwitness::windows
