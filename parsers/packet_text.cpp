#include "parsers/packet_text.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/not_shown.h"
#include "parsers/icmp_about.h"
#include "parsers/packet_rows.h"
#include "parsers/row_starts.h"
#include "parsers/text_trace.h"
#include "parsers/windows_values.h"

namespace tcpwitness {

namespace {

constexpr std::size_t most_flows = 1u << 20;
constexpr std::uint32_t headers_bytes = 54, ipv6_more = 20, timestamps_more = 12;  ///< Ethernet, IPv4, TCP
constexpr std::uint64_t hour_ns = 3'600'000'000'000, second_ns = 1'000'000'000;

/// How far apart two sequence numbers are, whichever comes first.
std::uint32_t distance(std::uint32_t a, std::uint32_t b) { return std::min(a - b, b - a); }

/// The rows of one recording, put in order and made events.
class PacketList {
public:
    PacketList(std::vector<PacketRow> rows, const PacketTextOptions& options) : zone_(options.zone.value_or(TimeZone())), options_(options), rows_(std::move(rows)) {}

    Trace read() {
        put_in_order();
        Trace trace;
        for (PacketRow& row : rows_) {
            if (row.kind == PacketRow::Kind::icmp_error) {
                add_error(row, trace.events);
                continue;
            }
            if (row.kind != PacketRow::Kind::segment && !find_ports(row)) continue;
            Event& event = trace.events.emplace_back();
            event.time_ns = time_of(row);
            event.flow = {{row.source, row.source_port}, {row.destination, row.destination_port}};
            if (row.kind == PacketRow::Kind::segment) follow(row, event.flow, trace.events);
            else continue_data(row, event.flow, trace.events.size() - 1);
            about_.sent(event.flow, row.segment.seq, event.time_ns);
            note_end(row);
            row.segment.outgoing = true;
            row.segment.frame = row.frame;
            event.body = row.segment;
        }
        for (std::size_t i = 0; i < trace.events.size(); ++i) trace.events[i].id = i + 1;
        orient(trace);
        describe(trace);
        return trace;
    }

private:
    struct Direction {
        std::uint32_t base = 0, next = 0;  ///< what relative numbers count from; what comes next
        bool known = false, timestamps = false;
        std::vector<std::size_t> guessed;  ///< events since the last number that was shown
        std::uint32_t guessed_from = 0;
    };

    struct Life {
        std::uint32_t shift = 0;  ///< of this session's numbers
        bool begun[2] = {}, fin[2] = {}, reset = false;

        bool over() const { return reset || (fin[0] && fin[1]); }
    };

    static bool after(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) > 0; }

    /// Rows without numbers lie between two numbers that are shown: they fill what is between, so that nothing there looks lost or sent again.
    static void fit(Direction& own, std::uint32_t end, std::vector<Event>& events) {
        if (own.guessed.empty() || !after(end, own.guessed_from)) return;
        std::uint32_t left = end - own.guessed_from, at = own.guessed_from;
        for (std::size_t i = 0; i < own.guessed.size(); ++i) {
            Segment& segment = *events[own.guessed[i]].as<Segment>();
            const bool last = i + 1 == own.guessed.size();
            segment.seq = at;
            segment.payload = last ? left : std::min(segment.payload, left);
            at += segment.payload;
            left -= segment.payload;
        }
        own.guessed.clear();
    }

    /// Relative times begin with 1 ns: a time of 0 is one that is not known.
    std::uint64_t time_of(const PacketRow& row) const { return row.local_ns ? zone_.to_utc_ns(*row.local_ns) : row.offset_ns.value_or(0) + 1; }

    /// Excerpts come in any order, and a row may stand in two of them.
    void put_in_order() {
        std::set<std::tuple<std::uint64_t, std::uint64_t, Address, std::uint16_t, std::uint32_t>> seen;
        std::erase_if(rows_, [&](const PacketRow& row) {
            if (!row.frame || seen.size() > most_flows) return false;
            const bool again = !seen.emplace(row.frame, time_of(row), row.source, row.source_port, row.segment.seq).second;
            repeated_ += again;
            return again;
        });
        const bool clocks = std::all_of(rows_.begin(), rows_.end(), [](const PacketRow& row) { return row.local_ns.has_value(); });
        const bool offsets = std::none_of(rows_.begin(), rows_.end(), [](const PacketRow& row) { return row.local_ns.has_value(); });
        const bool frames = std::all_of(rows_.begin(), rows_.end(), [](const PacketRow& row) { return row.frame != 0; });
        if (!clocks && !offsets) return;
        if (frames) std::stable_sort(rows_.begin(), rows_.end(), [](const PacketRow& a, const PacketRow& b) { return a.frame < b.frame; });
        dated_ = std::any_of(rows_.begin(), rows_.end(), [](const PacketRow& row) { return row.has_date; });
        if (clocks && !dated_ && !frames && !rows_.empty() && looks_counted()) count_from_the_first();
        drop_repeated_lines();
        if (!rows_.empty() && rows_.front().local_ns && !dated_) pass_midnight();
        const auto by_time = [&](const PacketRow& a, const PacketRow& b) { return std::tuple(time_of(a), a.frame) < std::tuple(time_of(b), b.frame); };
        if (std::is_sorted(rows_.begin(), rows_.end(), by_time)) return;
        if (frames && !clocks && are_differences()) return add_up();
        std::stable_sort(rows_.begin(), rows_.end(), by_time);
    }

    /// Lines without a number that stand in two excerpts: at the same part of a second, the same packet.
    void drop_repeated_lines() {
        std::set<std::tuple<std::uint64_t, Address, Address, std::uint16_t, std::uint16_t, std::uint32_t, std::uint32_t, std::uint32_t, std::uint8_t>> seen;
        std::erase_if(rows_, [&](const PacketRow& row) {
            if (row.frame || !row.local_ns || *row.local_ns % second_ns == 0 || seen.size() > most_flows) return false;
            const Segment& s = row.segment;
            const bool again = !seen.emplace(*row.local_ns, row.source, row.destination, row.source_port, row.destination_port, s.seq, s.ack, s.payload, s.flags).second;
            repeated_ += again;
            return again;
        });
    }

    std::uint64_t shown_ns(const PacketRow& row) const { return row.local_ns ? *row.local_ns : row.offset_ns.value_or(0); }

    /// Times since the row before fall about as much as they rise; what a capture of several queues has out of order falls by next to nothing.
    bool are_differences() const {
        std::uint64_t rises = 0, falls = 0;
        for (std::size_t i = 1; i < rows_.size(); ++i) {
            const std::uint64_t before = shown_ns(rows_[i - 1]), now = shown_ns(rows_[i]);
            (now < before ? falls : rises) += now < before ? before - now : now - before;
        }
        return falls > 0 && falls >= rises / 4;
    }

    /// tcpdump -ttt and -ttttt: what looks like a time of day counts from the line before, or from the first one.
    bool looks_counted() const {
        if (*rows_.front().local_ns == 0) return true;
        const bool soon = std::all_of(rows_.begin(), rows_.end(), [](const PacketRow& row) { return *row.local_ns < hour_ns; });
        constexpr std::size_t enough = 4;  // rows in any order fall too
        return soon && rows_.size() >= enough && are_differences();
    }

    void count_from_the_first() {
        const bool differences = are_differences();
        for (PacketRow& row : rows_) row.offset_ns = std::exchange(row.local_ns, std::nullopt);
        if (differences) add_up();
    }

    void add_up() {
        differences_ = true;
        std::uint64_t now = 0;
        for (PacketRow& row : rows_) row.offset_ns = now += row.offset_ns.value_or(0);
    }

    /// Where a day ends within times that have no date.
    void pass_midnight() {
        std::uint64_t days_ns = 0, before = 0;
        for (PacketRow& row : rows_) {
            if (before >= 23 * hour_ns && *row.local_ns < hour_ns) days_ns += 24 * hour_ns;
            before = *row.local_ns;
            *row.local_ns += days_ns;
        }
    }

    /// tcpdump shows numbers as they are in SYNs, in RSTs without ACK and in the first packet that it sees of a connection, and all others counted
    /// from these. Which of both a number is shows in what was to come next.
    /// The first number of an excerpt from the middle may be relative as well: whole ones are hardly ever that small.
    static std::uint32_t base_of(std::uint32_t first) {
        constexpr std::uint32_t small = 1u << 20;
        return first < small ? 0 : first;
    }

    /// Wireshark's list counts the numbers of each session from 0. Where a tuple is used again, those of the next session must not be the same.
    void count_anew(PacketRow& row, const Flow& from_to) {
        constexpr std::uint32_t far_apart = 0x10000000;
        if (row.relative || lives_.size() >= most_flows) return;
        const bool forth = from_to.local < from_to.peer;
        Life& life = lives_[forth ? from_to : from_to.reversed()];
        Segment& segment = row.segment;
        if (segment.syn() && segment.seq == 0) {
            if (life.begun[forth] && (row.port_reused || (life.over() && !row.said_again))) life = {life.shift + far_apart, {}, {}, false};
            life.begun[forth] = true;
        }
        life.fin[forth] |= segment.fin();
        life.reset |= segment.rst();
        segment.seq += life.shift;
        if (segment.flags & tcp_flag::ack && row.has_ack) segment.ack += life.shift;
    }

    void follow(PacketRow& row, const Flow& from_to, std::vector<Event>& events) {
        if (directions_.size() >= most_flows) return;
        count_anew(row, from_to);
        Direction& own = directions_[from_to];
        Direction& other = directions_[from_to.reversed()];
        Segment& segment = row.segment;
        const bool has_ack = segment.flags & tcp_flag::ack, syn = segment.flags & tcp_flag::syn;
        if ((!row.has_seq && (segment.payload || syn || segment.fin())) || (has_ack && !row.has_ack)) segment.marks |= segment_mark::numbers_not_shown;
        if (has_ack && !row.has_ack) segment.ack = other.next;
        if (syn) {
            own = {segment.seq, segment.seq, true, segment.has_timestamps, {}, 0};
        } else if (row.relative) {
            if (!row.has_seq) segment.seq = own.next;
            else if (!own.known) own = {base_of(segment.seq), segment.seq, true, false, {}, 0};
            else if (distance(own.base + segment.seq, own.next) < distance(segment.seq, own.next)) segment.seq += own.base;
            if (has_ack && row.has_ack && !other.known) other = {base_of(segment.ack - 1), segment.ack, true, false, {}, 0};
            else if (has_ack && row.has_ack && distance(other.base + segment.ack, other.next) < distance(segment.ack, other.next)) segment.ack += other.base;
        }
        own.timestamps |= segment.has_timestamps;
        if (!syn && !(segment.flags & tcp_flag::rst)) fit(own, segment.seq, events);
        if (has_ack && after(segment.ack, other.next)) fit(other, other.next = segment.ack, events);
        const std::uint32_t end = segment.seq + segment.payload + ((segment.flags & (tcp_flag::syn | tcp_flag::fin)) ? 1 : 0);
        if (!(segment.flags & tcp_flag::rst) && (syn || after(end, own.next))) own.next = end;
        if (has_ack) own_ack_[from_to] = segment.ack;
    }

    /// Of a protocol over TCP: which connection it is shows where there is only one between these hosts in the whole text.
    bool find_ports(PacketRow& row) {
        if (!ports_known_) {
            ports_known_ = true;
            for (const PacketRow& one : rows_)
                if (one.kind == PacketRow::Kind::segment && pairs_.size() < most_flows)
                    for (const auto& [from, to, a, b] : {std::tuple(one.source, one.destination, one.source_port, one.destination_port), std::tuple(one.destination, one.source, one.destination_port, one.source_port)})
                        if (auto& all = pairs_[{from, to}]; all.size() < 2) all.insert({a, b});
        }
        const auto found = pairs_.find({row.source, row.destination});
        if (found == pairs_.end() || found->second.size() != 1) {
            ++(found == pairs_.end() && row.kind == PacketRow::Kind::maybe ? foreign_ : unread_);
            return false;
        }
        row.source_port = found->second.begin()->first;
        row.destination_port = found->second.begin()->second;
        ++without_ports_;
        return true;
    }

    void continue_data(PacketRow& row, const Flow& from_to, std::size_t event) {
        Direction& own = directions_[from_to];
        Segment& segment = row.segment;
        const std::uint32_t headers = headers_bytes + (row.source.family == Address::Family::ipv6 ? ipv6_more : 0) + (own.timestamps ? timestamps_more : 0);
        segment.flags = tcp_flag::ack | tcp_flag::psh;
        segment.seq = own.next;
        segment.ack = own_ack_[from_to];
        segment.window = 65535;
        segment.payload = row.length > headers ? row.length - headers : 1;
        segment.marks = segment_mark::numbers_not_shown | segment_mark::window_not_shown;
        if (own.guessed.empty()) own.guessed_from = own.next;
        own.guessed.push_back(event);
        own.next += segment.payload;
    }

    /// As an event of the flow that it is about; else it may be about any of them.
    void add_error(const PacketRow& row, std::vector<Event>& events) {
        const IcmpRow& shown = *row.icmp;
        const std::uint64_t time_ns = time_of(row);
        const IcmpAbout::About about = shown.type ? about_.about(row, time_ns) : IcmpAbout::About{};
        if (about.answer != IcmpAbout::Answer::found) {
            ++(about.answer == IcmpAbout::Answer::open ? errors_ : foreign_);
            return;
        }
        Event& event = events.emplace_back();
        event.time_ns = time_ns;
        event.flow = about.flow;
        Icmp icmp;
        icmp.v6 = shown.v6;
        icmp.type = shown.type;
        icmp.code = shown.code;
        icmp.mtu = shown.mtu;
        icmp.quoted_seq = about.seq;
        icmp.sender = row.source;
        icmp.receiver = row.destination;
        icmp.frame = row.frame;
        event.body = std::move(icmp);
    }

    void note_end(const PacketRow& row) {
        if (votes_.size() >= most_flows) return;
        Votes& votes = votes_[row.source];
        ++votes.sent;
        votes.unfinished += row.unfinished_checksum;
        if (row.direction) {
            votes_[row.source].told += row.direction;
            votes_[row.destination].told -= row.direction;
        }
    }

    /// The host's own end, where the user or the rows themselves tell it; else each packet stands as its sender's.
    void orient(Trace& trace) {
        std::set<Address> own(options_.own_addresses.begin(), options_.own_addresses.end());
        if (own.empty())
            for (const auto& [address, votes] : votes_)
                if (votes.told > 0) own.insert(address);
        if (own.empty())
            for (const auto& [address, votes] : votes_)
                if (votes.unfinished && votes.unfinished * 2 >= votes.sent) own.insert(address);
        // Where checksums of both ends are unfinished, they talk over a device that never finishes any.
        if (options_.own_addresses.empty() &&
            std::any_of(trace.events.begin(), trace.events.end(), [&](const Event& event) { return own.contains(event.flow.local.address) && own.contains(event.flow.peer.address); }))
            own.clear();
        for (Event& event : trace.events) {
            const bool from = own.contains(event.flow.local.address), to = own.contains(event.flow.peer.address);
            if (Icmp* icmp = event.as<Icmp>()) icmp->outgoing = own.contains(icmp->sender);
            if (!to || from) continue;
            if (Segment* segment = event.as<Segment>()) segment->outgoing = false;
            event.flow = event.flow.reversed();
        }
        own_.assign(own.begin(), own.end());
    }

    void describe(Trace& trace) {
        TraceInfo& info = trace.info;
        describe_text(info, "packet list", own_.empty() ? "the packet list" : own_.front().text().c_str());
        info.witnesses.front().addresses = own_;
        info.probes.push_back({"packet", "text", "attached", trace.events.size(), 0});
        packets_only(info);
        info.unknown_records = unread_;
        info.foreign_packets = foreign_;
        if (errors_) info.undecoded.emplace_back("ICMP error packets whose connection is not shown", errors_);
        if (without_ports_) info.meta["text.rows_without_ports"] = std::to_string(without_ports_);
        if (repeated_) info.meta["text.repeated_rows"] = std::to_string(repeated_);
        if (!rows_.empty() && !rows_.front().local_ns) info.meta["text.relative_time"] = differences_ ? "differences" : "yes";
        if (!rows_.empty() && rows_.front().local_ns && !dated_) info.meta["text.no_date"] = "yes";
        info.meta["time.zone"] = info.meta.contains("text.relative_time") ? "none" : options_.zone ? "given" : "assumed";
        info.meta["time.zone_name"] = zone_.name();
        if (trace.events.empty()) return;
        info.started_ns = trace.events.front().time_ns;
        info.ended_ns = trace.events.back().time_ns;
    }

    struct Votes {
        std::uint64_t sent = 0, unfinished = 0;
        std::int64_t told = 0;
    };
    const TimeZone zone_;
    const PacketTextOptions& options_;
    std::vector<PacketRow> rows_;
    std::unordered_map<Flow, Direction, FlowHash> directions_;
    std::unordered_map<Flow, std::uint32_t, FlowHash> own_ack_;
    std::unordered_map<Flow, Life, FlowHash> lives_;
    std::map<std::pair<Address, Address>, std::set<std::pair<std::uint16_t, std::uint16_t>>> pairs_;
    std::map<Address, Votes> votes_;
    std::vector<Address> own_;
    std::uint64_t unread_ = 0, foreign_ = 0, repeated_ = 0, without_ports_ = 0;
    std::uint64_t errors_ = 0;  ///< ICMP errors that may be about any of the connections
    IcmpAbout about_;
    bool ports_known_ = false, dated_ = false, differences_ = false;
};

}  // namespace

bool is_packet_text(std::string_view beginning) {
    constexpr std::size_t most_lines = 200'000;  // a saved page has much before its rows
    std::size_t looked_at = 0;
    ServiceNames names;
    for (const std::string_view line : split(beginning, '\n')) {
        if (++looked_at > most_lines) break;
        const PacketRow row = parse_packet_row(line, names);
        if (row.kind == PacketRow::Kind::segment || row.kind == PacketRow::Kind::unread || shows_segment(line)) return true;
        // A header that goes on in the next line, or is broken in its middle.
        if (row.kind == PacketRow::Kind::foreign && !row.complete) return true;
    }
    return false;
}

Result<std::vector<Trace>> decode_packet_text(ByteSource& source, const PacketTextOptions& options) {
    TextLines lines(source);
    PacketRows rows;
    const auto stopped = take_lines(lines, [&](std::string_view line) { return rows.take(line); });
    if (!stopped) return stopped.error();
    rows.finish();
    if (!rows.any()) return Error{"no line in it is a row of a packet list or a packet of tcpdump"};
    std::vector<Trace> all;
    for (std::vector<PacketRow>& list : rows.recordings()) {
        Trace& trace = all.emplace_back(PacketList(std::move(list), options).read());
        trace.info.meta["encoding"] = name(lines.encoding());
        end_text(trace.info, *stopped ? fmt::format("it holds more than {} packets; what comes from line {} on is left out", PacketRows::max_rows, *stopped) : "", source);
    }
    TraceInfo& first = all.front().info;  // what belongs to none of them
    first.unknown_records += rows.unread();
    first.foreign_packets += rows.foreign();
    for (const auto& [name, port] : rows.names().unknown()) {
        std::string& told = first.meta["text.port_names"];
        told += fmt::format("{}{} {}", told.empty() ? "" : ", ", name, port);
    }
    return all;
}

}  // namespace tcpwitness
