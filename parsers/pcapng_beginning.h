#pragma once

#include <string_view>

#include "parsers/pcapng_reader.h"

namespace tcpwitness::pcapng {

/// A section or an interface as tcpwitness writes them.
bool is_ours(const Reader::Section&);
bool holds_records(const Reader::Interface&);

/// Whether a pcapng is a trace of tcpwitness, by its section's program or, where another tool merged it, by its records' interface. `first_bytes` may end
/// anywhere.
bool begins_as_ours(std::string_view first_bytes);

}  // namespace tcpwitness::pcapng
