// The events of a Windows host's TCPIP and AFD providers that stand as text in journal blocks among the packets of its pcapng.
#pragma once

#include <string_view>
#include <vector>

#include "model/trace.h"
#include "parsers/capture_reader.h"
#include "parsers/windows_decoder.h"
#include "parsers/windows_line.h"

namespace tcpwitness {

namespace windows {

/// A whole journal block (systemd's export format) as a line: provider by `_COMM`, time by `__REALTIME_TIMESTAMP` in UTC, pid by `_PID`, body by
/// `MESSAGE`. Views point into `block`.
Line parse_journal(std::string_view block);

/// The events of a capture's host that stand among its packets.
class Journal {
public:
    Journal() : decoder_(TimeZone{}) {}

    /// A whole journal block. What an announcement of a packet says, the packet beside it says better: those are left out.
    void take(std::string_view block);

    /// Whether any block so far held an event of the two providers that have something to tell. Packets before it tell nothing of sockets.
    bool any() const { return any_; }
    void see(const CapturedPacket&);

    std::vector<Address> own_addresses() const;  ///< of the host, as far as its events tell

    /// The events, after the last block. There must have been any.
    Trace finish();

private:
    Decoder decoder_;
    bool any_ = false, room_ = true;
};

}  // namespace windows

}  // namespace tcpwitness
