// The rows of packets that a text holds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/packet_row.h"

namespace tcpwitness {

/// Takes a text line by line: rows of packet lists and packets of tcpdump, each with all lines that it stands on. Bounded: what comes after max_rows is not taken.
class PacketRows {
public:
    static constexpr std::size_t max_rows = 5'000'000;

    /// False when no more can be taken.
    bool take(std::string_view line);
    /// After the last line.
    void finish() { end_broken(); }

    /// True where the text held rows of packets, read or not.
    bool any() const { return !rows_.empty() || unread_ || foreign_; }

    /// Segments, data without ports and ICMP errors, in the text's order. Lists that cannot be of one recording are apart: those that count from moments of their own,
    /// and those with times of day beside others without. At least one, which may be empty.
    std::vector<std::vector<PacketRow>> recordings();

    std::uint64_t unread() const { return unread_; }    ///< rows that say TCP and could not be read
    std::uint64_t foreign() const { return foreign_; }  ///< of other protocols
    const ServiceNames& names() const { return names_; }

private:
    void keep(const PacketRow&);
    bool go_on(std::string_view line);
    void end_broken();

    ServiceNames names_;
    std::vector<PacketRow> rows_;
    PacketRow broken_;
    std::string broken_text_;  ///< the row that may go on, as far as it has come
    std::uint64_t unread_ = 0, foreign_ = 0;
};

}  // namespace tcpwitness
