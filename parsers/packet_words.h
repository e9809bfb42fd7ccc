// The words that rows of packet lists and lines of tcpdump are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "parsers/packet_row.h"

namespace tcpwitness::packet_words {

/// The next word off the front, behind blanks.
std::string_view take_word(std::string_view& text);

/// "12.062500" as nanoseconds.
std::optional<std::uint64_t> seconds_of(std::string_view word);

/// Takes a time off the front: "2013-01-06 09:52:15.407", "14:11:33.248500", "1378456789.123456", "0.000000". False where there is none.
bool take_time(std::string_view& text, PacketRow& row);

/// A host's name, or what somebody wrote in place of an address to hide it.
std::optional<Address> host_name(std::string_view word);

/// An address, or host_name(). Prose has words there too: only the rest of the row tells.
std::optional<Address> host(std::string_view word);

/// The number behind `key` ("seq ", "Win="), where that begins a word; nothing where there is none, where it does not fit, or where it may have been cut:
/// at the end of the text, unless it `may_be_last`, and where digits follow behind a blank.
std::optional<std::uint32_t> value_of(std::string_view text, std::string_view key, bool may_be_last = false);

}  // namespace tcpwitness::packet_words
