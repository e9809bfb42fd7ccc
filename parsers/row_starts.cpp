#include "parsers/row_starts.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "parsers/packet_words.h"

namespace tcpwitness {

namespace {

using packet_words::seconds_of;
using packet_words::take_word;

constexpr std::size_t most_words = 100'000;

bool digit(char c) { return c >= '0' && c <= '9'; }
bool is_number(std::string_view word) {
    constexpr std::size_t longest = 10;
    return !word.empty() && word.size() <= longest && std::all_of(word.begin(), word.end(), digit);
}

bool is_clock(std::string_view word) { return word.size() > 8 && digit(word[0]) && word[2] == ':' && word[5] == ':' && (word[8] == '.' || word[8] == ','); }

bool is_address(std::string_view word) { return Address::parse(word).has_value(); }

/// "404 10.145072 192.168.1.2 173.194.112.111 TCP", "12 10:53:04.042608 10.0.0.1 -> 10.0.0.2 TCP"
bool begins_list_row(std::string_view text) {
    if (!is_number(take_word(text))) return false;
    const std::string_view time = take_word(text);
    if (!seconds_of(time) && !is_clock(time)) return false;
    if (!is_address(take_word(text))) return false;
    std::string_view next = take_word(text);
    if (next == "->" || next == "\xe2\x86\x92") next = take_word(text);
    return is_address(next);
}

/// "10:53:04.042608 IP "
bool begins_dump_line(std::string_view text) {
    if (!is_clock(take_word(text))) return false;
    const std::string_view next = take_word(text);
    return next == "IP" || next == "IP6";
}

}  // namespace

std::vector<std::string_view> rows_within(std::string_view line) {
    std::vector<std::size_t> starts;
    std::string_view rest = line;
    for (std::size_t words = 0; words < most_words; ++words) {
        const std::string_view word = take_word(rest);
        if (word.empty()) break;
        std::size_t at = static_cast<std::size_t>(word.data() - line.data());
        at += static_cast<std::size_t>(std::find_if(word.begin(), word.end(), digit) - word.begin());  // behind a quotation mark
        const std::string_view here = line.substr(at);
        if (!here.empty() && digit(here.front()) && (begins_list_row(here) || begins_dump_line(here))) starts.push_back(at);
    }
    std::vector<std::string_view> rows;
    for (std::size_t i = 0; i < starts.size(); ++i) rows.push_back(line.substr(starts[i], i + 1 < starts.size() ? starts[i + 1] - starts[i] : std::string_view::npos));
    return rows;
}

bool shows_several(std::string_view line) {
    for (const std::string_view mark : {"Flags [", "] Seq="})
        if (const auto first = line.find(mark); first != std::string_view::npos && line.find(mark, first + 1) != std::string_view::npos) return true;
    return false;
}

bool shows_segment(std::string_view line) {
    const auto arrow = std::min(line.find('>'), line.find("\xe2\x86\x92"));
    const auto mark = std::min(line.find("Flags ["), line.find("] Seq="));
    if (mark == std::string_view::npos || arrow > mark) return false;
    const std::string_view behind = line.substr(mark);
    if (behind.starts_with(']')) return behind.find(" Win=") != std::string_view::npos || behind.find("Ack=") != std::string_view::npos || behind.find(" Len=") != std::string_view::npos;
    return behind.find("seq ") != std::string_view::npos || behind.find("ack ") != std::string_view::npos || behind.find("length ") != std::string_view::npos;
}

}  // namespace tcpwitness
