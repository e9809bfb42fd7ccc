#include "parsers/file_kind.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

using namespace std::string_view_literals;

struct Magic {
    std::string_view bytes;
    const char* kind;
};

constexpr Magic magics[] = {
    {"\x0a\x0d\x0d\x0a"sv, "a pcapng capture"},
    {"\xd4\xc3\xb2\xa1"sv, "a pcap capture"},
    {"\xa1\xb2\xc3\xd4"sv, "a pcap capture"},
    {"\x4d\x3c\xb2\xa1"sv, "a pcap capture"},
    {"\xa1\xb2\x3c\x4d"sv, "a pcap capture"},
    {"\x1f\x8b"sv, "a gzip file"},
    {"\x28\xb5\x2f\xfd"sv, "a zstd file"},
    {"\xfd\x37zXZ"sv, "an xz file"},
    {"BZh"sv, "a bzip2 file"},
    {"PK\x03\x04"sv, "a zip file"},
    {"\x7f""ELF"sv, "an ELF program"},
};

}  // namespace

std::string file_kind(std::string_view bytes) {
    bytes = bytes.substr(0, 16);
    if (bytes.empty()) return "an empty file";
    const char* kind = nullptr;
    for (const Magic& magic : magics)
        if (!kind && bytes.starts_with(magic.bytes)) kind = magic.kind;
    const bool text = std::all_of(bytes.begin(), bytes.end(), [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' || c == '\t'; });
    if (!kind && text) return fmt::format("text (\"{}\")", printable(trim(bytes)));
    std::string hex;
    for (const char byte : bytes.substr(0, 4)) hex += fmt::format("{}{:02x}", hex.empty() ? "" : " ", static_cast<unsigned char>(byte));
    return fmt::format("{} ({})", kind ? kind : "an unknown kind of file", hex);
}

}  // namespace tcpwitness
