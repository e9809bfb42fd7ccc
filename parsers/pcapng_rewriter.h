// Writes a capture again with comments on its packets; what it leaves alone stays byte for byte.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "parsers/pcapng_reader.h"

namespace tcpwitness::pcapng {

/// An event that Wireshark lists among the packets: a systemd Journal Export Block.
struct InlineEvent {
    std::uint64_t time_ns = 0;  ///< since 1970
    std::string fields;         ///< KEY=value lines, each with its newline
};

/// What there is to say about a capture's packets. Frames are numbers in the input, as Wireshark gives them.
class Annotations {
public:
    virtual ~Annotations() = default;

    /// For a packet, one option each; asked for every packet in the order of the file.
    virtual std::vector<std::string> comments(std::uint64_t frame) = 0;

    /// The next event from before or at that time; false when there is none yet.
    virtual bool next_event(std::uint64_t until_ns, InlineEvent& to) = 0;

    /// A packet that got comments has that number in what was written.
    virtual void placed(std::uint64_t frame, std::uint64_t number) = 0;
};

struct RewriteOptions {
    std::function<bool(const Reader::Interface&)> keep;  ///< interfaces whose packets are written; empty: all
    std::string application;    ///< stands in section headers in place of what wrote the input; empty: leave it
    bool no_snap_length = false;  ///< no interface has a limit: libpcap's tools refuse a file with different ones
};

struct Rewritten {
    std::uint64_t packets = 0, commented = 0, events = 0;
    std::uint64_t not_commented = 0;                 ///< packets whose block has no room for comments
    std::map<std::uint16_t, std::uint64_t> left_out; ///< packets by their link type
    std::string cut_note;                            ///< how the input breaks off; empty = it does not
};

/// Reads a pcapng and gives what is to be written to `write`, which returns false to end it early. Memory: one block.
Result<Rewritten> rewrite(ByteSource& source, Annotations& annotations, const RewriteOptions& options,
                          const std::function<bool(std::string_view)>& write);

}  // namespace tcpwitness::pcapng
