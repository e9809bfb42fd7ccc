#include "parsers/capture_reader.h"

#include <utility>

#include <fmt/format.h>

#include "parsers/block_buffer.h"
#include "parsers/damage.h"
#include "parsers/file_kind.h"
#include "parsers/pcap_reader.h"
#include "parsers/pcapng_format.h"
#include "parsers/pcapng_reader.h"
#include "parsers/windows_journal.h"

namespace tcpwitness {

namespace {

/// Every section has interfaces of its own; here they are numbered through the file.
class PcapngCapture : public CaptureReader {
public:
    PcapngCapture(BlockBuffer buffer, const ByteSource& source) : reader_(std::move(buffer)), source_(source) {}

    Result<bool> next(CapturedPacket& to) override {
        while (true) {
            const auto item = reader_.next_block();
            if (!item) {
                if (!trouble_) trouble_ = item.error();
                if (pass_over(item.error().message)) continue;
                if (!packets_) return item.error();
                damage_.note_rest(reader_.offset(), item.error().message);
                return false;
            }
            switch (*item) {
                case pcapng::Reader::Item::packet: return take_packet(to);
                case pcapng::Reader::Item::section: take_section(); break;
                case pcapng::Reader::Item::interface: take_interface(); break;
                case pcapng::Reader::Item::other:
                    if (reader_.block_type() == pcapng::block::journal_export) take_journal();
                    break;
                case pcapng::Reader::Item::end:
                    if (!begun_) return Error{"cut off inside its first block"};
                    // A hole that a file system left, or a length that is wrong, may have more behind it.
                    if (const std::string note = reader_.cut_note(); !note.empty() && pass_over(note)) break;
                    if (!packets_ && trouble_) return *trouble_;
                    cut_note_ = source_.cut_note().empty() ? reader_.cut_note() : source_.cut_note();
                    return false;
            }
        }
    }

    const std::vector<CaptureInterface>& interfaces() const override { return interfaces_; }
    const std::string& cut_note() const override { return cut_note_; }
    std::uint64_t offset() const override { return reader_.offset(); }
    std::vector<std::string> damage() const override { return damage_.sentences(); }
    std::string software() const override { return software_; }

    std::vector<Address> own_addresses() const override { return events() ? journal_->own_addresses() : std::vector<Address>{}; }
    std::optional<Trace> host_events() const override { return events() ? std::optional(journal_->finish()) : std::nullopt; }

private:
    bool events() const { return journal_ && journal_->any(); }

    bool pass_over(const std::string& why) {
        const std::uint64_t from = reader_.offset();
        if (!reader_.resume()) return false;
        damage_.note(from, reader_.next_offset(), why);
        return true;
    }

    void take_journal() {
        if (!journal_) journal_ = std::make_unique<windows::Journal>();
        journal_->take(reader_.block());
    }

    bool take_packet(CapturedPacket& to) {
        ++packets_;
        const auto& packet = reader_.packet();
        to.time_ns = packet.time_ns;
        to.has_time = packet.has_time;
        to.data = packet.data;
        to.original_length = packet.original_length;
        to.link_type = reader_.interfaces()[packet.interface].link_type;
        to.interface = first_ + packet.interface;
        to.flags = packet.flags;
        to.id = packet.id;
        to.comments = packet.comments;
        to.frame = packet.frame;
        if (events()) journal_->see(to);
        return true;
    }

    void take_section() {
        begun_ = true;
        first_ = static_cast<std::uint32_t>(interfaces_.size());
        if (software_.empty()) software_ = reader_.section().application;
    }

    void take_interface() {
        const auto& interface = reader_.interfaces().back();
        interfaces_.push_back({interface.link_type, interface.name, interface.description});
    }

    pcapng::Reader reader_;
    const ByteSource& source_;
    std::vector<CaptureInterface> interfaces_;
    std::uint32_t first_ = 0;  ///< of the current section, in interfaces_
    Damage damage_;
    std::optional<Error> trouble_;  ///< the first
    std::uint64_t packets_ = 0;
    bool begun_ = false;       ///< its first section header was whole
    std::string cut_note_, software_;
    std::unique_ptr<windows::Journal> journal_;  ///< of most files: none
};

}  // namespace

Result<std::unique_ptr<CaptureReader>> open_capture(ByteSource& source) {
    BlockBuffer buffer(source);
    const auto start = buffer.peek(16);
    if (!start) return start.error();
    if (PcapReader::recognise(*start)) return PcapReader::open(std::move(buffer));
    if (pcapng::Reader::recognise(*start)) return std::unique_ptr<CaptureReader>(std::make_unique<PcapngCapture>(std::move(buffer), source));
    if (start->empty() && !source.cut_note().empty()) return Error{fmt::format("cut off before its first packet: {}", source.cut_note())};
    return Error{fmt::format("not a capture, but {}", file_kind(*start))};
}

}  // namespace tcpwitness
