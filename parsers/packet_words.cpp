#include "parsers/packet_words.h"

#include <algorithm>
#include <utility>

#include "parsers/windows_line.h"
#include "parsers/windows_values.h"

namespace tcpwitness::packet_words {

using windows::number;
using windows::skip_blanks;
using windows::take_number;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

}  // namespace

std::string_view take_word(std::string_view& text) {
    text = skip_blanks(text);
    std::size_t length = 0;
    while (length < text.size() && !windows::blank_at(text.substr(length))) ++length;
    const std::string_view word = text.substr(0, length);
    text.remove_prefix(length);
    return word;
}

std::optional<std::uint64_t> seconds_of(std::string_view word) {
    const auto whole = take_number(word);
    if (!whole || *whole > 0xffffffffu || word.empty() || (word[0] != '.' && word[0] != ',')) return std::nullopt;
    word.remove_prefix(1);
    std::uint64_t ns = *whole * second, scale = second / 10;
    if (word.empty()) return std::nullopt;
    for (const char c : word) {
        if (c < '0' || c > '9') return std::nullopt;
        ns += static_cast<std::uint64_t>(c - '0') * scale;
        scale /= 10;
    }
    return ns;
}

namespace {

bool is_time_of_day(std::string_view word) { return word.size() >= 8 && word[2] == ':' && word[5] == ':'; }
bool is_date(std::string_view word) { return word.size() == 10 && (word[4] == '-' || word[4] == '/') && word[7] == word[4]; }

}  // namespace

bool take_time(std::string_view& text, PacketRow& row) {
    std::string_view rest = text;
    std::string_view word = take_word(rest);
    if (is_date(word)) {
        std::string_view behind = rest;
        const std::string_view clock = take_word(behind);
        const auto local = windows::local_time(word, clock);
        if (!local) return false;
        row.local_ns = *local;
        row.has_date = true;
        text = behind;
        return true;
    }
    if (is_time_of_day(word)) {
        const auto local = windows::local_time("1970-01-01", word);
        if (!local) return false;
        row.local_ns = *local;
        text = rest;
        return true;
    }
    const auto seconds = seconds_of(word);
    if (!seconds) return false;
    constexpr std::uint64_t year_2000 = 946'684'800 * second;
    if (*seconds > year_2000)
        row.local_ns = *seconds, row.has_date = true;
    else
        row.offset_ns = *seconds;
    text = rest;
    return true;
}

std::optional<Address> host(std::string_view word) {
    if (const auto address = Address::parse(word)) return address;
    const bool letters = std::any_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
    return letters && word.find('.') != std::string_view::npos ? Address::named(word) : std::nullopt;
}

std::optional<std::uint16_t> port(std::string_view word) {
    // As /etc/services has them, which is where tcpdump and old Wiresharks take these names from.
    static constexpr std::pair<std::string_view, std::uint16_t> services[] = {
        {"ftp", 21},       {"ssh", 22},       {"telnet", 23},         {"smtp", 25},        {"domain", 53},         {"http", 80},         {"kerberos", 88},
        {"pop3", 110},     {"sunrpc", 111},   {"epmap", 135},         {"netbios-ssn", 139}, {"imap2", 143},        {"imap", 143},        {"bgp", 179},
        {"ldap", 389},     {"https", 443},    {"microsoft-ds", 445},  {"submission", 587}, {"ldaps", 636},         {"imaps", 993},       {"pop3s", 995},
        {"ms-sql-s", 1433}, {"mqtt", 1883},   {"nfs", 2049},          {"mysql", 3306},     {"ms-wbt-server", 3389}, {"postgresql", 5432}, {"sip", 5060},
        {"sip-tls", 5061}, {"amqp", 5672},    {"redis", 6379},        {"http-alt", 8080},
        {"webcache", 8080}, {"http-proxy", 8080}, {"https-alt", 8443}, {"domain-s", 853},  {"ibm-mqisdp", 1883}, {"secure-mqtt", 8883}, {"postgres", 5432}, {"ms-sql-m", 1434},
        {"ncube-lm", 1521}, {"oracle", 1521},   {"rtsp", 554},        {"socks", 1080},     {"printer", 515},     {"afpovertcp", 548}, {"cslistener", 9000}, {"x11", 6000},
        {"kerberos-sec", 88}, {"loc-srv", 135}, {"ftp-data", 20},     {"irc", 194},        {"ircd", 6667},       {"bootps", 67},     {"svn", 3690},       {"git", 9418},
    };
    if (const auto value = number(word); value && *value > 0 && *value <= 65535 && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return static_cast<std::uint16_t>(*value);
    for (const auto& [name, value] : services)
        if (word == name) return value;
    if (const auto open = word.find('('); open != std::string_view::npos && word.ends_with(')')) return port(word.substr(open + 1, word.size() - open - 2));
    return std::nullopt;
}

std::uint32_t value_of(std::string_view text, std::string_view key) {
    const auto at = text.find(key);
    if (at == std::string_view::npos) return 0;
    std::string_view digits = text.substr(at + key.size());
    const auto value = take_number(digits);
    return value && *value <= 0xffffffffu ? static_cast<std::uint32_t>(*value) : 0;
}

}  // namespace tcpwitness::packet_words
