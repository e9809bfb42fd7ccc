#include "parsers/pcapng_rewriter.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "parsers/pcapng_format.h"

namespace tcpwitness::pcapng {

namespace {

constexpr std::size_t head_bytes = 8, trailer_bytes = 4;  // type and length; the length again
constexpr std::size_t packet_fixed = 20;                  // of a packet block's body, old or enhanced, before the data
constexpr std::size_t section_fixed = 16, interface_fixed = 8;
constexpr std::size_t snap_length_at = head_bytes + 4, section_length_at = head_bytes + 8;
constexpr std::size_t max_comment = 65535;
constexpr std::string_view length_unknown = "\xff\xff\xff\xff\xff\xff\xff\xff";

constexpr std::size_t padded(std::size_t size) { return (size + 3) / 4 * 4; }

/// Numbers in the byte order of one section.
struct ByteOrder {
    bool swapped = false;

    std::uint32_t u32(std::string_view bytes, std::size_t at) const {
        std::uint32_t value;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        return swapped ? __builtin_bswap32(value) : value;
    }
    std::uint16_t u16(std::string_view bytes, std::size_t at) const {
        std::uint16_t value;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        return swapped ? __builtin_bswap16(value) : value;
    }
    void put32(std::string& bytes, std::size_t at, std::uint32_t value) const {
        if (swapped) value = __builtin_bswap32(value);
        std::memcpy(bytes.data() + at, &value, sizeof value);
    }
    void put16(std::string& bytes, std::size_t at, std::uint16_t value) const {
        if (swapped) value = __builtin_bswap16(value);
        std::memcpy(bytes.data() + at, &value, sizeof value);
    }
    void append_option(std::string& out, std::uint16_t code, std::string_view value) const {
        const std::size_t at = out.size();
        out.append(4, '\0');
        put16(out, at, code);
        put16(out, at + 2, static_cast<std::uint16_t>(value.size()));
        out += value;
        out.append(padded(value.size()) - value.size(), '\0');
    }
};

/// One option as it stands in its block, and where it begins there.
struct OptionSpan {
    std::uint16_t code;
    std::size_t begin, end;
};

/// Whole options from `at` on, up to opt_endofopt or the trailer. A list that lies about its lengths ends before the lie.
std::vector<OptionSpan> options_of(std::string_view block, std::size_t at, ByteOrder order) {
    std::vector<OptionSpan> all;
    const std::size_t end = block.size() - trailer_bytes;
    while (at + 4 <= end) {
        const std::uint16_t code = order.u16(block, at);
        const std::size_t next = at + 4 + padded(order.u16(block, at + 2));
        if (code == option::end || next > end) break;
        all.push_back({code, at, next});
        at = next;
    }
    return all;
}

class Rewriter {
public:
    Rewriter(ByteSource& source, Annotations& annotations, const RewriteOptions& options, const std::function<bool(std::string_view)>& write)
        : source_(source), reader_(source), annotations_(annotations), options_(options), write_(write) {}

    Result<Rewritten> run();

private:
    Status take(Reader::Item item);
    void take_section();
    void take_interface();
    Status take_packet(bool has_time);
    void take_statistics();
    void put_events(std::uint64_t until_ns);
    bool add_comments(std::uint64_t frame, std::size_t options_at);
    void put(std::string_view bytes) { good_ = good_ && write_(bytes); }
    void put_changed();
    std::string& change();
    std::string_view block() const { return changed_ ? std::string_view(*changed_) : reader_.block(); }
    Error error(const std::string& what) const { return Error{fmt::format("pcapng block at byte {}: {}", reader_.offset(), what)}; }

    ByteSource& source_;
    Reader reader_;
    Annotations& annotations_;
    const RewriteOptions& options_;
    const std::function<bool(std::string_view)>& write_;
    bool good_ = true;
    ByteOrder order_;
    std::optional<std::string> changed_;  ///< the current block, where it is not as it was
    struct Kept {
        std::optional<std::uint32_t> number;  ///< in what is written; none: its packets are left out
        std::uint16_t link_type;
    };
    std::vector<Kept> interfaces_;  ///< [interface of the current section]
    std::uint32_t interfaces_kept_ = 0;
    std::uint64_t frames_in_ = 0, frames_out_ = 0;
    bool began_ = false;  ///< there was a section
    Rewritten result_;
};

std::string& Rewriter::change() {
    if (!changed_) changed_.emplace(reader_.block());
    return *changed_;
}

/// Writes the current block, with its lengths set right.
void Rewriter::put_changed() {
    if (changed_) {
        order_.put32(*changed_, 4, static_cast<std::uint32_t>(changed_->size()));
        order_.put32(*changed_, changed_->size() - trailer_bytes, static_cast<std::uint32_t>(changed_->size()));
    }
    put(block());
}

Result<Rewritten> Rewriter::run() {
    std::optional<Error> trouble;  // the first
    while (good_) {
        const auto item = reader_.next_block();
        if (!item) {  // damage loses its block alone
            if (!trouble) trouble = item.error();
            if (reader_.resume()) continue;
            result_.cut_note = item.error().message;
            break;
        }
        if (*item == Reader::Item::end) {
            if (!reader_.cut_note().empty() && reader_.resume()) continue;
            break;
        }
        changed_.reset();
        order_.swapped = reader_.swapped();
        if (const Status taken = take(*item); !taken) return taken.error();
    }
    if (trouble && frames_out_ == 0) return *trouble;
    if (result_.cut_note.empty()) result_.cut_note = source_.cut_note().empty() ? reader_.cut_note() : source_.cut_note();
    if (!began_ && good_) return Error{result_.cut_note.empty() ? "an empty file" : result_.cut_note};
    put_events(~std::uint64_t{0});
    return std::move(result_);
}

Status Rewriter::take(Reader::Item item) {
    if (item == Reader::Item::section) {
        take_section();
    } else if (item == Reader::Item::interface) {
        take_interface();
    } else if (takes_frame_number(reader_.block_type())) {
        frames_in_ = reader_.frames();
        return take_packet(item == Reader::Item::packet);
    } else if (reader_.block_type() == block::interface_statistics) {
        take_statistics();
    } else {
        put_changed();
    }
    return success();
}

void Rewriter::take_section() {
    began_ = true;
    interfaces_.clear();
    interfaces_kept_ = 0;
    // A section's length may be given; comments make it another. "Not known" is always true.
    if (block().substr(section_length_at, length_unknown.size()) != length_unknown)
        change().replace(section_length_at, length_unknown.size(), length_unknown);
    if (!options_.application.empty()) {
        std::string& bytes = change();
        std::vector<OptionSpan> all = options_of(bytes, head_bytes + section_fixed, order_);
        std::string kept;
        for (const OptionSpan& one : all)
            if (one.code != option::section_application) kept.append(bytes, one.begin, one.end - one.begin);
        order_.append_option(kept, option::section_application, options_.application);
        kept.append(4, '\0');  // opt_endofopt
        bytes.replace(head_bytes + section_fixed, bytes.size() - trailer_bytes - head_bytes - section_fixed, kept);
    }
    put_changed();
}

void Rewriter::take_interface() {
    const Reader::Interface& interface = reader_.interfaces().back();
    const bool kept = !options_.keep || options_.keep(interface);
    interfaces_.push_back({kept ? std::optional(interfaces_kept_) : std::nullopt, interface.link_type});
    if (!kept) return;
    ++interfaces_kept_;
    if (options_.no_snap_length && order_.u32(block(), snap_length_at) != 0) order_.put32(change(), snap_length_at, 0);
    put_changed();
}

/// A packet, or another block that counts as a frame.
Status Rewriter::take_packet(bool has_time) {
    const std::uint32_t type = reader_.block_type();
    const bool enhanced = type == block::packet, old = type == block::old_packet, simple = type == block::simple_packet;
    if (!enhanced && !old && !simple) {
        ++frames_out_;
        put_changed();
        return success();
    }
    const std::size_t fixed = simple ? 4 : packet_fixed;
    if (block().size() < head_bytes + fixed + trailer_bytes) return error("packet block is too short");
    const std::uint32_t from = enhanced ? order_.u32(block(), head_bytes) : old ? order_.u16(block(), head_bytes) : 0;
    if (from >= interfaces_.size()) return error(fmt::format("packet of interface {}, but only {} are described", from, interfaces_.size()));
    const Kept& interface = interfaces_[from];
    if (!interface.number) {
        ++result_.left_out[interface.link_type];
        return success();
    }
    if (has_time) put_events(reader_.packet().time_ns);
    if (*interface.number != from) {
        if (enhanced) order_.put32(change(), head_bytes, *interface.number);
        if (old) order_.put16(change(), head_bytes, static_cast<std::uint16_t>(*interface.number));
    }
    ++frames_out_;
    ++result_.packets;
    const std::size_t captured = simple ? 0 : order_.u32(block(), head_bytes + 12);
    const std::size_t room = block().size() - head_bytes - packet_fixed - trailer_bytes;
    if (!simple && captured > room) return error(fmt::format("captured length {} reaches past the block", captured));
    if (add_comments(frames_in_, simple ? 0 : head_bytes + packet_fixed + padded(captured))) {
        ++result_.commented;
        annotations_.placed(frames_in_, frames_out_);
    }
    put_changed();
    return success();
}

/// `options_at` is 0 for a block that has no options.
bool Rewriter::add_comments(std::uint64_t frame, std::size_t options_at) {
    const std::vector<std::string> comments = annotations_.comments(frame);
    if (comments.empty()) return false;
    std::string added;
    for (const std::string& comment : comments) order_.append_option(added, option::comment, std::string_view(comment).substr(0, max_comment));
    if (options_at == 0 || block().size() + added.size() + 4 > max_block) {
        ++result_.not_commented;
        return false;
    }
    const std::vector<OptionSpan> before = options_of(block(), options_at, order_);
    const std::size_t at = before.empty() ? options_at : before.back().end;
    if (at + 4 > block().size() - trailer_bytes) added.append(4, '\0');  // there is no opt_endofopt to stand before
    change().insert(at, added);
    return true;
}

void Rewriter::take_statistics() {
    if (block().size() < head_bytes + 12 + trailer_bytes) return put_changed();
    const std::uint32_t from = order_.u32(block(), head_bytes);
    if (from < interfaces_.size()) {
        if (!interfaces_[from].number) return;
        if (*interfaces_[from].number != from) order_.put32(change(), head_bytes, *interfaces_[from].number);
    }
    put_changed();
}

void Rewriter::put_events(std::uint64_t until_ns) {
    InlineEvent event;
    while (good_ && annotations_.next_event(until_ns, event)) {
        std::string bytes(head_bytes, '\0');
        bytes += fmt::format("__REALTIME_TIMESTAMP={}\n{}", event.time_ns / 1000, event.fields);
        bytes.append(padded(bytes.size()) - bytes.size() + trailer_bytes, '\0');
        if (bytes.size() > max_block) continue;
        order_.put32(bytes, 0, block::journal_export);
        order_.put32(bytes, 4, static_cast<std::uint32_t>(bytes.size()));
        order_.put32(bytes, bytes.size() - trailer_bytes, static_cast<std::uint32_t>(bytes.size()));
        put(bytes);
        ++frames_out_;
        ++result_.events;
    }
}

}  // namespace

Result<Rewritten> rewrite(ByteSource& source, Annotations& annotations, const RewriteOptions& options,
                          const std::function<bool(std::string_view)>& write) {
    return Rewriter(source, annotations, options, write).run();
}

}  // namespace tcpwitness::pcapng
