// A pcapng of a Windows host, written by hand: packets, and events as journal blocks.
#pragma once

#include <string>

#include "support/packet_bytes.h"
#include "support/pcapng_blocks.h"

namespace tcpwitness {

/// Times in microseconds since it began.
struct WindowsFile : Blocks {
    static constexpr std::uint64_t start_us = 1'700'000'000'000'000;

    explicit WindowsFile(bool big_endian = false) : Blocks{big_endian, {}} { section().interface(); }

    WindowsFile& entry(std::string fields) {
        fields.append((4 - fields.size() % 4) % 4, '\0');
        block(pcapng::block::journal_export, fields);
        return *this;
    }
    WindowsFile& says(std::uint64_t us, const std::string& provider, const std::string& message) {
        return entry("__REALTIME_TIMESTAMP=" + std::to_string(start_us + us) + "\n_COMM=" + provider + "\n_PID=1504\nMESSAGE=" + message + "\n");
    }
    WindowsFile& tcpip(std::uint64_t us, const std::string& message) { return says(us, "Microsoft-Windows-TCPIP", message); }
    /// From 10.1.0.2:40001 to 10.2.0.2:5061.
    WindowsFile& segment(std::uint64_t us, const packet_bytes::Tcp& tcp, const std::string& options = "") {
        packet(start_us + us, packet_bytes::ethernet(0x0800, packet_bytes::ipv4(6, packet_bytes::tcp(tcp))), options);
        return *this;
    }
    WindowsFile& syn(std::uint64_t us, const std::string& options = "") { return segment(us, {.flags = 2, .seq = 7000, .ack = 0}, options); }

    /// connect() to where nobody answers.
    static WindowsFile failed_connect(bool big_endian = false) {
        WindowsFile file(big_endian);
        file.says(0, "Microsoft-Windows-Winsock-AFD", "connect: 0 (0x0): Process 0x0000000007AE3060, Endpoint 0x0000000007A05010, Address 10.2.0.2:5061, Seq 5023 (0x139F), Status Success");
        file.tcpip(10, "TCP: connection 0x000000000829C860 transition from ClosedState to SynSentState, SndNxt = 0 (0x0).");
        file.tcpip(20, "TCP: Tcb 0x000000000829C860 is going to output SYN with ISN = 7000 (0x1B58), RcvWnd = 8192 (0x2000), RcvWndScale = 0 (0x0).");
        file.syn(30);
        file.says(40, "Microsoft-Windows-DNS-Client", "of no interest");
        file.tcpip(21'000'000, "TCP: connection 0x000000000829C860 (local=10.1.0.2:40001 remote=10.2.0.2:5061) shutdown initiated (0xC00000B5 - STATUS_IO_TIMEOUT). PID = 1504 (0x5E0).\r");
        return file;
    }
};

}  // namespace tcpwitness
