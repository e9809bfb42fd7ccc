#pragma once

#include <string_view>

#include "parsers/pcapng_reader.h"

namespace tcpwitness::pcapng {

/// A section or an interface as tcpwitness writes them.
bool is_ours(const Reader::Section&);
bool holds_records(const Reader::Interface&);

/// What the first blocks of a pcapng show about who wrote it.
struct Beginning {
    bool ours = false;     ///< a trace of tcpwitness, by its section's program or, where another tool merged it, by its records' interface
    bool windows_events = false;  ///< of Windows' TCPIP or AFD, as text in journal blocks between the packets
};

/// `first_bytes` may end anywhere; what lies behind is not known. All false for what is no pcapng.
Beginning look_at(std::string_view first_bytes);

}  // namespace tcpwitness::pcapng
