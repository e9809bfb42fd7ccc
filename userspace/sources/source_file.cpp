#include "sources/source_file.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "parsers/pcapng_format.h"
#include "parsers/pcapng_reader.h"
#include "sources/expansion_limit.h"
#include "sources/fd_source.h"
#include "sources/gzip_source.h"
#include "sources/peek_source.h"
#include "sources/zstd_source.h"

namespace tcpwitness {

namespace {

using namespace std::string_view_literals;

constexpr auto zstd_magic = "\x28\xb5\x2f\xfd"sv, gzip_magic = "\x1f\x8b"sv;
constexpr std::size_t enough = 64 * 1024;  // a text may begin with headers
constexpr std::size_t longest_text = 8u << 20;  // that somebody pasted or saved

Result<std::unique_ptr<PeekSource>> decompressed(std::unique_ptr<ByteSource> file) {
    auto bytes = std::make_unique<PeekSource>(std::move(file));
    const auto start = bytes->peek(zstd_magic.size());
    if (!start) return start.error();
    if (start->starts_with(zstd_magic)) return std::make_unique<PeekSource>(std::make_unique<ZstdSource>(std::move(bytes)));
    if (start->starts_with(gzip_magic)) return std::make_unique<PeekSource>(std::make_unique<GzipSource>(std::move(bytes)));
    return bytes;
}

/// Enough of the file to tell its kind. A pcapng's first block says who wrote it, and may be long: its comments are what a trace knows of its host.
Result<std::string_view> beginning_of(PeekSource& bytes) {
    constexpr std::size_t type_and_length = 8;
    auto start = bytes.peek(enough);
    if (!start || start->size() < enough || !pcapng::Reader::recognise(*start)) return start;
    std::uint32_t length;
    std::memcpy(&length, start->data() + type_and_length - sizeof length, sizeof length);
    if (length > pcapng::max_block) length = __builtin_bswap32(length);
    return length <= pcapng::max_block ? bytes.peek(length + enough) : start;
}

Result<SourceFile> open_unnamed(const std::string& path) {
    auto file = FdSource::open(path);
    if (!file) return file.error();
    const FdSource& counted = **file;
    auto bytes = decompressed(std::move(*file));
    if (!bytes) return bytes.error();
    const auto beginning = beginning_of(**bytes);
    if (!beginning) return beginning.error();
    SourceFile opened;
    if (path != "-" && !(*bytes)->expands()) opened.plain_size = counted.size();
    opened.source = recognise_source(*beginning);
    if (!opened.source && beginning->size() >= enough && beginning->find('\0') == std::string_view::npos) {
        // A saved page or mail: the rows may stand far behind.
        const auto more = (*bytes)->peek(longest_text);
        if (!more) return more.error();
        opened.source = recognise_source(*more);
        if (!opened.source) return Error{not_recognised(*more)};
    }
    if (!opened.source && beginning->empty() && !(*bytes)->cut_note().empty()) return Error{(*bytes)->cut_note() + " before its first byte"};
    if (!opened.source) return Error{not_recognised(*beginning)};
    if (opened.source->keeps_all)
        opened.bytes = std::make_unique<ExpansionLimit>(std::move(*bytes), counted);
    else
        opened.bytes = std::move(*bytes);
    return opened;
}

}  // namespace

Result<SourceFile> open_source(const std::string& path) {
    const std::string name = path == "-" ? "standard input" : path;
    auto opened = open_unnamed(path);
    if (!opened) return opened.context(name);
    opened->path = path;
    opened->name = name;
    return opened;
}

}  // namespace tcpwitness
