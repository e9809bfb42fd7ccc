// Reads classic pcap packet by packet: microseconds or nanoseconds, either byte order; trusts no length in it.
#pragma once

#include "parsers/block_buffer.h"
#include "parsers/capture_reader.h"

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

private:
    explicit PcapReader(BlockBuffer buffer) : buffer_(std::move(buffer)) {}

    Status read_header();
    bool end_at(std::string note);
    std::uint32_t number32(const char* at) const;

    BlockBuffer buffer_;
    std::vector<CaptureInterface> interfaces_;  // one
    std::string cut_note_;
    std::uint64_t frames_ = 0;
    std::size_t packet_length_ = 0;             ///< still to be consumed
    std::uint32_t unit_ns_ = 1, max_length_ = 0;
    bool swapped_ = false, lengths_in_either_order_ = false, ended_ = false;
};

}  // namespace tcpwitness
