// Reads classic pcap packet by packet: microseconds or nanoseconds, either byte order; trusts no length in it.
#pragma once

#include "parsers/block_buffer.h"
#include "parsers/capture_reader.h"
#include "parsers/pcap_records.h"

namespace tcpwitness {

class PcapReader : public CaptureReader {
public:
    /// By its first four bytes; forms that are refused count too, so that open() can say why.
    static bool recognise(std::string_view first_bytes);

    /// Reads the file's header.
    static Result<std::unique_ptr<CaptureReader>> open(BlockBuffer buffer);

    Result<bool> next(CapturedPacket& to) override;
    const std::vector<CaptureInterface>& interfaces() const override { return interfaces_; }
    const std::string& cut_note() const override { return cut_note_; }
    std::uint64_t offset() const override { return buffer_.offset(); }
    std::vector<std::string> damage() const override { return records_ ? records_->damage().sentences() : std::vector<std::string>{}; }

private:
    explicit PcapReader(BlockBuffer buffer) : buffer_(std::move(buffer)) {}

    Status read_header();
    std::uint32_t number32(const char* at) const;

    BlockBuffer buffer_;
    std::vector<CaptureInterface> interfaces_;  // one
    std::string cut_note_;
    std::optional<PcapRecords> records_;  ///< none: the file ends inside its header
    std::uint64_t frames_ = 0;
    std::uint32_t unit_ns_ = 1;
    bool swapped_ = false;
};

}  // namespace tcpwitness
