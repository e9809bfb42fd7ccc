// What the provider Microsoft-Windows-Winsock-AFD says, the application's calls, as events.
#pragma once

#include "parsers/windows_line.h"
#include "parsers/windows_packets.h"
#include "parsers/windows_sockets.h"

namespace tcpwitness::windows {

class Afd {
public:
    Afd(Sockets& sockets, Packets& packets) : sockets_(sockets), packets_(packets) {}

    /// False for what has no counterpart among our events.
    bool take(const Line&, std::uint64_t time_ns);

private:
    struct Said;
    void enter(const Said&, std::uint64_t time_ns);
    void leave(const Said&, std::uint64_t time_ns);
    void close(const Said&, std::uint64_t time_ns);
    void emit(const Said&, LifeId, Call, std::uint64_t time_ns);

    Sockets& sockets_;
    Packets& packets_;
};

}  // namespace tcpwitness::windows
