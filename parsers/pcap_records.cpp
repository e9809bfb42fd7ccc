#include "parsers/pcap_records.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace tcpwitness {

namespace {

constexpr std::size_t header_size = 16;
constexpr std::uint32_t most_searched = 1u << 20;  ///< captured bytes of a record that is looked for: a length that lies shall not take memory
constexpr std::uint32_t most_original = 16u << 20;
constexpr std::uint32_t day = 86'400;              ///< seconds
constexpr int sure_chain = 3;                      ///< so many headers in a row are no chance

}  // namespace

PcapRecords::Header PcapRecords::header_at(const char* at) const {
    std::uint32_t values[4];
    std::memcpy(values, at, sizeof values);
    if (layout_.swapped)
        for (std::uint32_t& value : values) value = __builtin_bswap32(value);
    if (layout_.lengths_in_either_order && values[2] > values[3]) std::swap(values[2], values[3]);
    return {values[0], values[1], values[2], values[3]};
}

/// What nearly every writer writes. Others are read too, as long as nothing is broken.
bool PcapRecords::usual(const Header& header) const {
    if (header.captured == 0 || header.captured > header.original || header.captured > std::min(layout_.max_length, most_searched) || header.original > most_original) return false;
    if (header.fraction >= layout_.units_per_second) return false;
    if (!last_seconds_) return true;
    const std::uint32_t apart = header.seconds > *last_seconds_ ? header.seconds - *last_seconds_ : *last_seconds_ - header.seconds;
    return apart <= day;
}

/// Records follow each other from the first byte on: several, or fewer that reach the end of the file.
bool PcapRecords::surely_records(std::string_view bytes, bool to_the_end) const {
    std::optional<std::uint32_t> before;
    for (int found = 0; found < sure_chain; ++found) {
        if (bytes.empty()) return to_the_end && found > 0;
        if (bytes.size() < header_size) return false;
        const Header header = header_at(bytes.data());
        if (!usual(header) || bytes.size() - header_size < header.captured) return false;
        if (before && (header.seconds > *before ? header.seconds - *before : *before - header.seconds) > day) return false;
        before = header.seconds;
        bytes.remove_prefix(header_size + header.captured);
    }
    return true;
}

/// Where records surely begin, `from` bytes behind the buffer's beginning or later; only within what is buffered and before `until`.
std::optional<std::size_t> PcapRecords::record_within(std::size_t from, std::size_t until) {
    for (std::size_t at = from; at < until; ++at) {
        const auto head = buffer_.peek(at + header_size);
        if (!head || head->size() < at + header_size) return std::nullopt;
        if (!usual(header_at(head->data() + at))) continue;
        constexpr std::size_t chain_size = sure_chain * (header_size + most_searched);
        const auto chain = buffer_.peek(at + chain_size);
        if (chain && surely_records(chain->substr(at), chain->size() < at + chain_size)) return at;
    }
    return std::nullopt;
}

/// Goes on behind the damage. The record that is broken begins where the buffer does.
bool PcapRecords::resume(const std::string& why) {
    constexpr std::size_t step = 64 * 1024;
    const std::uint64_t from = buffer_.offset();
    for (std::size_t first = 1;; first = 0) {
        if (const auto at = record_within(first, step)) {
            buffer_.consume(*at);
            damage_.note(from, buffer_.offset(), why);
            return true;
        }
        const auto ready = buffer_.peek(step + header_size);
        if (!ready || ready->size() < step + header_size) break;
        buffer_.consume(step);
    }
    return false;
}

Result<bool> PcapRecords::end(std::string note) {
    ended_ = true;
    cut_note_ = std::move(note);
    return false;
}

Result<bool> PcapRecords::next(Record& to) {
    if (ended_) return false;
    buffer_.consume(std::exchange(length_, 0));
    while (true) {
        const std::uint64_t offset = buffer_.offset();
        const auto head = buffer_.peek(header_size);
        if (!head) return ended_ = true, head.error();
        if (head->size() < header_size) return end(head->empty() ? "" : fmt::format("the file ends inside a packet that begins at byte {}", offset));
        constexpr char zeros[header_size] = {};
        if (std::memcmp(head->data(), zeros, header_size) == 0) {  // what a file system leaves of a file when the host goes down
            if (resume("zeros")) continue;
            return end(fmt::format("from byte {} on the file holds only zeros", offset));
        }
        const Header header = header_at(head->data());
        if (header.captured > layout_.max_length) {
            const std::string why = fmt::format("captured length {} is over the limit of {}", header.captured, layout_.max_length);
            if (resume(why)) continue;
            ended_ = true;
            if (count_ == 0) return Error{fmt::format("pcap packet 1 at byte {}: {}", offset, why)};
            damage_.note_rest(offset, why);
            return false;
        }
        const std::size_t size = header_size + header.captured;
        const auto whole = buffer_.peek(size + header_size);
        if (!whole) return ended_ = true, whole.error();
        if (whole->size() < size) {
            if (resume("its record's length reaches past the end of the file")) continue;
            return end(fmt::format("the file ends inside a packet that begins at byte {}", offset));
        }
        // A length that is wrong, but not absurd, shows by what stands behind it; then the record may hold others.
        const bool followed = whole->size() < size + header_size || usual(header_at(whole->data() + size));
        if (!followed)
            if (const auto at = record_within(1, size)) {
                damage_.note(offset, offset + *at, "no record follows it by its length");
                buffer_.consume(*at);
                continue;
            }
        const auto again = buffer_.peek(size);
        to = {header.seconds, header.fraction, header.captured, header.original, again->substr(header_size)};
        last_seconds_ = header.seconds;
        length_ = size;
        ++count_;
        return true;
    }
}

}  // namespace tcpwitness
