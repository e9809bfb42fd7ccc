#include "parsers/packet_rows.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "parsers/row_starts.h"
#include "parsers/windows_values.h"

namespace tcpwitness {

namespace {

constexpr std::size_t longest_broken = 512;
constexpr std::size_t most_recordings = 16;
constexpr std::uint64_t least_fall_ns = 10'000'000;  // what is out of order falls by less
constexpr std::size_t most_compared = 64;  // each time, all rows are looked at

/// The time column begins anew, or it holds differences.
bool falls_back(const PacketRow& before, const PacketRow& row) {
    const std::uint64_t last = before.offset_ns.value_or(0), now = row.offset_ns.value_or(0);
    return now < last / 2 && last - now >= least_fall_ns;
}

/// The lists of one text that each begin to count anew: a frame number that stands for two packets tells that there are two.
class Parts {
public:
    void add(const std::vector<PacketRow>& rows, std::size_t begin, std::size_t end) {
        std::size_t to = 0;
        while (to < parts_.size() && (contradicts(known_[to], rows, begin, end) || goes_back(parts_[to], rows, begin, end))) ++to;
        to = std::min(to, most_recordings - 1);
        if (to == parts_.size()) parts_.emplace_back(), known_.emplace_back();
        for (std::size_t i = begin; i < end; ++i) {
            known_[to].emplace(rows[i].frame, told(rows[i]));
            parts_[to].push_back(rows[i]);
        }
    }
    std::vector<std::vector<PacketRow>> take() { return std::move(parts_); }

private:
    using Told = std::tuple<std::uint64_t, Address, Address, std::uint16_t, std::uint32_t>;
    using Known = std::unordered_map<std::uint64_t, Told>;
    static Told told(const PacketRow& row) { return {row.offset_ns.value_or(0), row.source, row.destination, row.source_port, row.segment.seq}; }
    static bool contradicts(const Known& known, const std::vector<PacketRow>& rows, std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            if (const auto other = known.find(rows[i].frame); other != known.end() && other->second != told(rows[i])) return true;
        return false;
    }

    /// Both count upwards by themselves, and together they do not: each has a beginning of its own.
    bool goes_back(const std::vector<PacketRow>& part, const std::vector<PacketRow>& rows, std::size_t begin, std::size_t end) {
        constexpr std::size_t enough = 3;
        if (part.size() < enough || end - begin < enough || ++compared_ > most_compared) return false;
        std::vector<PacketRow> piece(rows.begin() + static_cast<std::ptrdiff_t>(begin), rows.begin() + static_cast<std::ptrdiff_t>(end));
        if (!falls_back(part.back(), piece.front()) || !rises(part) || !rises(piece)) return false;
        std::vector<PacketRow> both = part;
        both.insert(both.end(), piece.begin(), piece.end());
        return !rises(both);
    }
    static bool rises(std::vector<PacketRow> rows) {
        const auto by_frame = [](const PacketRow& a, const PacketRow& b) { return a.frame < b.frame; };
        std::stable_sort(rows.begin(), rows.end(), by_frame);
        return std::is_sorted(rows.begin(), rows.end(), [](const PacketRow& a, const PacketRow& b) { return a.offset_ns.value_or(0) < b.offset_ns.value_or(0); });
    }

    std::vector<std::vector<PacketRow>> parts_;
    std::vector<Known> known_;
    std::size_t compared_ = 0;
};

}  // namespace

bool PacketRows::take(std::string_view line) {
    if (windows::skip_blanks(line).empty()) return true;  // a paste may have one after each line
    const PacketRow row = parse_packet_row(line, names_);
    if (row.kind == PacketRow::Kind::none && !broken_text_.empty()) return go_on(line);
    if (row.kind == PacketRow::Kind::none ? shows_segment(line) : shows_several(line)) {
        const std::vector<std::string_view> within = rows_within(line);
        if (within.size() > 1 || (within.size() == 1 && within.front().size() < line.size())) {
            bool more = true;
            for (const std::string_view one : within) more = take(one);
            return more;
        }
        unread_ += row.kind == PacketRow::Kind::none;  // without a time, or cut
    }
    end_broken();
    if (row.complete || line.size() > longest_broken) {
        keep(row);
    } else {
        broken_ = row;
        broken_text_ = line;
    }
    return rows_.size() < max_rows;
}

void PacketRows::keep(const PacketRow& row) {
    switch (row.kind) {
        case PacketRow::Kind::segment:
        case PacketRow::Kind::data:
        case PacketRow::Kind::maybe:
        case PacketRow::Kind::icmp_error: rows_.push_back(row); break;
        case PacketRow::Kind::unread: ++unread_; break;
        case PacketRow::Kind::foreign: ++foreign_; break;
        case PacketRow::Kind::none: break;
    }
}

/// The next line of a row that stands on several, or that a mail broke.
bool PacketRows::go_on(std::string_view line) {
    broken_text_ += ' ';
    broken_text_ += windows::skip_blanks(line).substr(0, longest_broken);
    if (const PacketRow joined = parse_packet_row(broken_text_, names_); joined.kind != PacketRow::Kind::none) broken_ = joined;
    if (broken_.complete || broken_text_.size() > longest_broken) end_broken();
    return true;
}

void PacketRows::end_broken() {
    if (!broken_text_.empty()) keep(broken_);
    broken_text_.clear();
}

std::vector<std::vector<PacketRow>> PacketRows::recordings() {
    const auto count = [&](auto what) { return static_cast<std::size_t>(std::count_if(rows_.begin(), rows_.end(), what)); };
    const std::size_t clocks = count([](const PacketRow& row) { return row.local_ns.has_value(); });
    const std::size_t counted = count([](const PacketRow& row) { return !row.local_ns && row.frame; });
    if (clocks == rows_.size() || counted == 0) return {std::move(rows_)};  // one clock tells which packets are one recording's, or nothing does
    std::vector<PacketRow> with_clock, without;
    for (PacketRow& row : rows_) (row.local_ns ? with_clock : without).push_back(std::move(row));
    Parts parts;
    for (std::size_t begin = 0, end = 0; begin < without.size(); begin = end) {
        for (end = begin + 1; end < without.size() && without[end].frame >= without[end - 1].frame && !falls_back(without[end - 1], without[end]);) ++end;
        parts.add(without, begin, end);
    }
    std::vector<std::vector<PacketRow>> all = parts.take();
    if (!with_clock.empty()) all.insert(all.begin(), std::move(with_clock));
    return all;
}

}  // namespace tcpwitness
