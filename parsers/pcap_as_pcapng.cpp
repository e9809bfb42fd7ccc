#include "parsers/pcap_as_pcapng.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "parsers/pcapng_format.h"
#include "parsers/pcapng_writer.h"

namespace tcpwitness {

namespace {

constexpr std::uint32_t magic_micro = 0xa1b2c3d4, magic_nano = 0xa1b23c4d;
constexpr std::size_t file_header = 24;
constexpr std::size_t enough = 256 * 1024;                    // converted at once
constexpr std::uint32_t max_captured = pcapng::max_block - 64;  // fits a block

}  // namespace

std::uint32_t PcapAsPcapng::number(std::string_view bytes, std::size_t at) const {
    std::uint32_t value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return swapped_ ? __builtin_bswap32(value) : value;
}

Result<std::size_t> PcapAsPcapng::read(void* buffer, std::size_t size) {
    if (kind_ == Kind::not_known)
        if (const Status begun = begin(); !begun) return begun.error();
    if (kind_ == Kind::other) return pass(buffer, size);
    if (given_ == out_.size() && !ended_)
        if (const Status converted = convert(); !converted) return converted.error();
    const std::size_t count = out_.copy(static_cast<char*>(buffer), size, given_);
    given_ += count;
    return count;
}

Status PcapAsPcapng::begin() {
    const auto head = in_.peek(file_header);
    if (!head) return head.error();
    kind_ = Kind::other;
    if (head->size() < file_header) return success();
    const std::uint32_t magic = number(*head, 0);
    swapped_ = magic == __builtin_bswap32(magic_micro) || magic == __builtin_bswap32(magic_nano);
    const std::uint32_t native = number(*head, 0);
    if (native != magic_micro && native != magic_nano) return success();
    kind_ = Kind::pcap;
    const bool nano = native == magic_nano;
    if (nano) units_per_second_ = 1'000'000'000;
    pcapng::append_section(out_, "", application_, {});
    const auto link_type = static_cast<std::uint16_t>(number(*head, 20));  // what is above is about frame check sequences
    pcapng::append_interface(out_, link_type, "", "", number(*head, 16), nano ? 9 : 6);
    const std::uint32_t snap_length = number(*head, 16), minor = number(*head, 4) >> (swapped_ ? 0 : 16) & 0xffff;
    in_.consume(file_header);
    records_.emplace(in_, PcapLayout{swapped_, minor < 4, units_per_second_, std::clamp(snap_length, PcapLayout{}.max_length, max_captured)});
    return success();
}

/// The next packets, at least one unless the file is at its end.
Status PcapAsPcapng::convert() {
    out_.clear();
    given_ = 0;
    PcapRecords::Record record;
    while (out_.size() < enough) {
        const auto more = records_->next(record);
        if (!more) return more.error();
        if (!*more) {
            ended_ = true;
            cut_note_ = records_->cut_note();
            return success();
        }
        // The fraction may be a second or more: some writers count on.
        const std::uint64_t time = std::uint64_t{record.seconds} * units_per_second_ + record.fraction;
        pcapng::append_packet(out_, {.time_ns = time, .data = record.data, .original_length = record.original});
    }
    return success();
}

Result<std::size_t> PcapAsPcapng::pass(void* buffer, std::size_t size) {
    const auto some = in_.peek(1);
    if (!some) return some.error();
    if (some->empty()) return std::size_t{0};
    const auto ready = in_.peek(std::min(size, in_.ready()));
    std::memcpy(buffer, ready->data(), ready->size());
    const std::size_t count = ready->size();
    in_.consume(count);
    return count;
}

}  // namespace tcpwitness
