// The kinds of file that tcpwitness reads: one row each. Help, pages, refusals and dispatch read the same table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tcpwitness {

enum class SourceKind : std::uint8_t {
    trace,    ///< of ours
    capture,  ///< pcap, or pcapng of another program; its packets may have its host's events among them
    windows_text,
    packet_text,  ///< packets as rows of text
    sip_log,  ///< messages, no sockets of its own
};

/// Packets, whose sessions are to be rebuilt.
constexpr bool is_capture(SourceKind kind) { return kind == SourceKind::capture; }

/// A file's first bytes as the rows look at them.
class Beginning {
public:
    explicit Beginning(std::string_view bytes) : bytes_(bytes) {}

    std::string_view bytes() const { return bytes_; }
    std::string_view text() const;  ///< as UTF-8, whatever encoding it is in, and without the marks of quoting and HTML

private:
    std::string_view bytes_;
    mutable std::optional<std::string> text_;
};

struct Source {
    SourceKind kind;
    const char* name;     ///< in the plural: "tcpwitness traces"
    const char* made_by;  ///< programs that write such files
    bool (*recognise)(const Beginning&);
    bool keeps_all;       ///< its reader's memory grows with the file, however long that is
};

/// In the order in which they are asked.
std::span<const Source> sources();

/// The first row that recognises the bytes; nullptr: none does. Some kilobytes are enough, or all where there are fewer.
const Source* recognise_source(std::string_view first_bytes);

/// What a file is instead, and what could be read: "an empty file; what can be read: tcpwitness traces, ...".
std::string not_recognised(std::string_view first_bytes);

}  // namespace tcpwitness
