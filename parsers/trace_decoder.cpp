#include "parsers/trace_decoder.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "bpf/records.h"
#include "parsers/damage.h"
#include "parsers/event_store.h"
#include "parsers/file_kind.h"
#include "parsers/packet_headers.h"
#include "parsers/pcapng_beginning.h"
#include "parsers/pcapng_format.h"
#include "parsers/pcapng_reader.h"
#include "parsers/record_decoder.h"
#include "parsers/sequence_check.h"
#include "parsers/trace_context.h"

namespace tcpwitness {

namespace {

/// What one pcapng interface of the file means to us.
struct Device {
    enum class Kind { records, packets, foreign } kind = Kind::foreign;
    std::uint32_t netns = 0, ifindex = 0;
};

/// "netns=4026531840 ifindex=2"
std::optional<Device> parse_device(std::string_view text) {
    Device device{Device::Kind::packets};
    const auto take = [&](std::string_view prefix, std::uint32_t& number) {
        if (!text.starts_with(prefix)) return false;
        text.remove_prefix(prefix.size());
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        return error == std::errc{};
    };
    if (take("netns=", device.netns) && take(" ifindex=", device.ifindex)) return device;
    return std::nullopt;
}

Device device_of(const pcapng::Reader::Interface& interface) {
    if (pcapng::holds_records(interface)) return {Device::Kind::records};
    return parse_device(interface.description).value_or(Device{});
}

class TraceDecoder {
public:
    explicit TraceDecoder(ByteSource& source) : source_(source), reader_(source) {}

    Result<Trace> run();

private:
    Status take(pcapng::Reader::Item item);
    Status take_record(const pcapng::Reader::Packet& packet);
    void take_packet(const pcapng::Reader::Packet& packet, const Device& device);
    bool pass_over(const std::string& why);
    void excuse(std::string_view line, std::uint64_t time_ns);
    bool is_copy(const tw_head&, std::string_view record);
    void tell_missing();
    void finish();
    Error not_ours(const std::string& seen) const { return Error{fmt::format("not a tcpwitness trace, but {}", seen)}; }

    ByteSource& source_;
    pcapng::Reader reader_;
    Trace trace_;
    TraceContext context_{trace_.info};
    RecordDecoder records_{context_};
    EventStore events_;
    SequenceCheck sequence_;
    std::vector<Device> devices_;  ///< [interface of the current section]
    bool ours_ = false;
    Damage damage_;
    std::uint64_t copies_ = 0, repeats_ = 0;
    std::unordered_set<std::size_t> unnumbered_;  ///< hashes of the records that have no number
    std::string rest_damaged_;  ///< why nothing behind some place could be read
    std::optional<std::uint64_t> boot_to_wall_;  ///< by the last record, whose block and head carry both clocks
};

Result<Trace> TraceDecoder::run() {
    const auto start = reader_.first_bytes();
    if (!start) return start.error();
    if (start->empty() && !source_.cut_note().empty()) return Error{fmt::format("cut off before its first record: {}", source_.cut_note())};
    constexpr std::string_view section_magic = "\x0a\x0d\x0d\x0a";
    if (!start->starts_with(section_magic)) return not_ours(file_kind(*start));

    while (true) {
        const auto item = reader_.next();
        if (!item) {
            if (!ours_) return item.error();
            if (!pass_over(item.error().message)) break;
            continue;
        }
        if (*item == pcapng::Reader::Item::end) {
            // Zeros may be a hole that a file system left, with more behind it.
            const std::string note = reader_.cut_note();
            if (ours_ && note.ends_with("zeros") && pass_over(note)) continue;
            break;
        }
        if (const Status taken = take(*item); !taken) {
            if (!ours_) return taken.error();
            damage_.note(taken.error().message);
        }
        if (context_.mixed()) return Error{"holds more than one recording; give each one's own file instead"};
    }
    if (!ours_ && !reader_.cut_note().empty()) return Error{fmt::format("not a tcpwitness trace, or cut off before it says so: {}", reader_.cut_note())};
    if (!ours_) return not_ours("a pcapng capture without records of ours");
    finish();
    return std::move(trace_);
}

/// What came before a damaged place is good, and what comes after it where blocks surely begin again. Records that are lost with it leave numbers
/// missing, so they become a gap like any other loss.
bool TraceDecoder::pass_over(const std::string& why) {
    const std::uint64_t from = reader_.offset();
    if (!reader_.resume()) {
        if (!why.ends_with("zeros")) rest_damaged_ = fmt::format("nothing behind byte {} could be read: {}", from, why);
        return false;
    }
    damage_.note(from, reader_.next_offset(), why);
    return true;
}

Status TraceDecoder::take(pcapng::Reader::Item item) {
    if (item == pcapng::Reader::Item::section) {
        devices_.clear();
        const auto& section = reader_.section();
        if (!pcapng::is_ours(section)) return success();
        ours_ = true;
        for (const std::string& comment : section.comments) context_.learn_lines(comment);
    } else if (item == pcapng::Reader::Item::interface) {
        devices_.push_back(device_of(reader_.interfaces().back()));
        if (devices_.back().kind == Device::Kind::records) ours_ = true;
    } else {
        if (!ours_) return not_ours(fmt::format("a pcapng capture{}{}", reader_.section().application.empty() ? "" : " made by ",
                                                clean(reader_.section().application)));
        const auto& packet = reader_.packet();
        while (devices_.size() <= packet.interface) devices_.push_back(device_of(reader_.interfaces()[devices_.size()]));  // one that was damaged behind its name
        const Device& device = devices_[packet.interface];
        if (device.kind == Device::Kind::records) return take_record(packet);
        if (device.kind == Device::Kind::packets)
            take_packet(packet, device);
        else
            ++trace_.info.foreign_packets;
    }
    return success();
}

/// Of a file that was merged with a copy of itself. Records that the collector makes have no number: the same bytes at the same time are the same one.
bool TraceDecoder::is_copy(const tw_head& head, std::string_view record) {
    if (head.kind == TW_META || head.size != record.size()) return false;  // a damaged one is told as such
    const bool copy = head.seq ? !sequence_.see(head.cpu, head.seq, head.time_ns) : !unnumbered_.insert(std::hash<std::string_view>{}(record)).second;
    copies_ += copy;
    return copy;
}

Status TraceDecoder::take_record(const pcapng::Reader::Packet& packet) {
    if (tw_head first; packet.data.size() >= sizeof first) {
        std::memcpy(&first, packet.data.data(), sizeof first);
        if (is_copy(first, packet.data)) return success();
    }
    std::vector<Event>& events = events_.room();
    const std::size_t before = events.size();
    const Status decoded = records_.decode(packet.data.data(), packet.data.size(), events);
    if (!decoded) return decoded.context(fmt::format("frame {}, block at byte {}", packet.frame, reader_.offset()));
    tw_head head;
    std::memcpy(&head, packet.data.data(), sizeof head);
    if (packet.time_ns >= head.time_ns && head.time_ns != 0) boot_to_wall_ = packet.time_ns - head.time_ns;
    repeats_ += head.kind == TW_REPEATS;
    if (head.kind != TW_META && head.kind != TW_GAP && head.kind != TW_ENVIRONMENT) ++trace_.info.records;  // as the recorder counts
    if (head.kind == TW_META && packet.data.size() > sizeof(tw_head) + sizeof(tw_meta)) excuse(packet.data.substr(sizeof(tw_head) + sizeof(tw_meta)), head.time_ns);
    if (head.kind == TW_GAP && events.size() > before) sequence_.explain(head.cpu, *events.back().as<Gap>());
    return success();
}

/// "withheld.3=17-40,42": numbers of that CPU that the recorder did not write, because its filter does not choose what they are about.
void TraceDecoder::excuse(std::string_view line, std::uint64_t time_ns) {
    constexpr std::string_view prefix = "withheld.";
    if (!line.starts_with(prefix)) return;
    line.remove_prefix(prefix.size());
    const auto equals = line.find('=');
    const auto cpu = parse_number<std::uint16_t>(line.substr(0, equals));
    if (!cpu || equals == std::string_view::npos) return;
    for (std::string_view range : split(line.substr(equals + 1, line.find('\0') - equals - 1), ',')) {
        const auto dash = range.find('-');
        const auto first = parse_number<std::uint32_t>(range.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : parse_number<std::uint32_t>(range.substr(dash + 1));
        if (first && last) sequence_.excuse(*cpu, *first, *last, time_ns);
    }
}

void TraceDecoder::take_packet(const pcapng::Reader::Packet& packet, const Device& device) {
    const std::uint64_t boot_to_wall = boot_to_wall_.value_or(trace_.info.boot_to_wall_ns);
    const std::uint64_t time = packet.time_ns - std::min(boot_to_wall, packet.time_ns);
    const auto cpu = static_cast<std::uint16_t>(packet.id >> 32);
    const auto seq = static_cast<std::uint32_t>(packet.id);
    if (!sequence_.see(cpu, seq, time)) {
        ++copies_;
        return;
    }
    ++trace_.info.records;
    const auto& interface = reader_.interfaces()[packet.interface];
    auto parsed = parse_segment(interface.link_type, packet.data, packet.original_length);
    if (!parsed) {
        ++trace_.info.foreign_packets;
        return;
    }
    parsed->segment.interface = context_.interface(device.netns, device.ifindex, interface.name);
    parsed->segment.frame = packet.frame;
    parsed->segment.packet_id = packet.id;
    Event common;
    common.time_ns = time;
    common.witness = context_.witness(device.netns);
    common.seq = seq;
    common.cpu = cpu;
    const bool outgoing = (packet.flags & pcapng::direction_mask) == pcapng::flag_outbound;
    add_segment_events(common, *parsed, outgoing, interface.name, events_.room());
}

/// The end of a recording says how many records each probe made. Those that are missing without a hole in the numbers lie before a processor's first
/// one or behind its last: someone has cut the file.
void TraceDecoder::tell_missing() {
    std::vector<Event> holes;
    sequence_.finish(trace_.info.started_ns, holes);
    std::uint64_t made = 0, known = trace_.info.records - std::min(repeats_, trace_.info.records);
    for (const ProbeStatus& probe : trace_.info.probes) made += probe.events;
    for (Event& hole : holes) {
        known += hole.as<Gap>()->lost;
        events_.room().push_back(std::move(hole));
    }
    if (trace_.info.ended_ns == 0 || made <= known) return;
    Event& event = events_.room().emplace_back();
    event.time_ns = trace_.info.ended_ns;
    event.cpu = any_cpu;
    event.body = Gap{trace_.info.started_ns, trace_.info.ended_ns, made - known, "unknown"};
}

void TraceDecoder::finish() {
    TraceInfo& info = trace_.info;
    tell_missing();
    if (copies_) info.copies.push_back(fmt::format("{} in it twice: counted once", count_text(copies_, "record is", "records are")));
    trace_.events = events_.take_ordered();
    if (!trace_.events.empty()) context_.witness(0);  // every event has a witness, gaps of no namespace too
    if (info.boot_to_wall_ns == 0) info.boot_to_wall_ns = boot_to_wall_.value_or(0);
    info.cut_note = source_.cut_note().empty() ? reader_.cut_note() : source_.cut_note();
    if (!rest_damaged_.empty()) {
        damage_.note(rest_damaged_);
        info.cut_note = rest_damaged_;
    }
    info.damage = damage_.sentences();
    info.cut_off = info.ended_ns == 0 || !info.cut_note.empty();
}

}  // namespace

Result<Trace> decode_trace(ByteSource& source) { return TraceDecoder(source).run(); }

}  // namespace tcpwitness
