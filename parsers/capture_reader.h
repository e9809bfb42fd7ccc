// Packets of a capture file, whichever format it has: pcap (microseconds, nanoseconds, either byte order) or pcapng.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/trace.h"
#include "parsers/byte_source.h"

namespace tcpwitness {

struct CapturedPacket {
    std::uint64_t time_ns = 0;          ///< since 1970; 0 with `has_time` false: the block has none
    bool has_time = true;
    std::string_view data;              ///< until the next call
    std::uint32_t original_length = 0;
    std::uint16_t link_type = 0;
    std::uint32_t interface = 0;        ///< index in CaptureReader::interfaces()
    std::uint32_t flags = 0;            ///< epb_flags; 0 = not given
    std::uint64_t id = 0;               ///< epb_packetid; 0 = not given
    std::span<const std::string_view> comments;  ///< that the file has on the packet; until the next call
    std::uint64_t frame = 0;            ///< 1-based, as Wireshark numbers the file
};

struct CaptureInterface {
    std::uint16_t link_type = 0;
    std::string name, description;
};

class CaptureReader {
public:
    virtual ~CaptureReader() = default;

    /// The next packet; false at the end. A file that stops inside a packet ends there: see cut_note().
    virtual Result<bool> next(CapturedPacket& to) = 0;

    virtual const std::vector<CaptureInterface>& interfaces() const = 0;  ///< of all sections so far
    virtual const std::string& cut_note() const = 0;                      ///< how the file breaks off; empty = it does not
    virtual std::vector<std::string> damage() const { return {}; }        ///< places that could not be read and were passed over, a sentence each
    virtual std::uint64_t offset() const = 0;                             ///< bytes read so far, decompressed
    virtual std::vector<std::string> notes() const { return {}; }         ///< how files were put together, a sentence each
    virtual std::string software() const { return {}; }                   ///< what wrote it, as the file tells
    virtual std::string hostname() const { return {}; }                   ///< where it was made, as the file tells

    /// What else the file holds: events of its host, as text among the packets (windows_journal.h). Both after the last packet, the second once.
    virtual std::vector<Address> own_addresses() const { return {}; }
    virtual std::optional<Trace> host_events() const { return std::nullopt; }
};

/// `source` must outlive it. The error says what the file begins with instead.
Result<std::unique_ptr<CaptureReader>> open_capture(ByteSource& source);

}  // namespace tcpwitness
