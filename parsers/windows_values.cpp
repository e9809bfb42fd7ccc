#include "parsers/windows_values.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <initializer_list>

#include <fmt/format.h>

namespace tcpwitness::windows {

namespace {

constexpr std::size_t longest_status = 120;

struct StatusRow {
    std::uint32_t code;
    std::string_view name;
    std::int32_t error;
};

/// ntstatus.h, as far as TCP and sockets meet them.
constexpr StatusRow statuses[] = {
    {0x00000000, "STATUS_SUCCESS", 0},
    {0x00000103, "STATUS_PENDING", EINPROGRESS},
    {0xc0000008, "STATUS_INVALID_HANDLE", EBADF},
    {0xc000000d, "STATUS_INVALID_PARAMETER", EINVAL},
    {0xc0000022, "STATUS_ACCESS_DENIED", EACCES},
    {0xc0000043, "STATUS_SHARING_VIOLATION", EADDRINUSE},
    {0xc000009a, "STATUS_INSUFFICIENT_RESOURCES", ENOBUFS},
    {0xc00000b5, "STATUS_IO_TIMEOUT", ETIMEDOUT},
    {0xc00000bb, "STATUS_NOT_SUPPORTED", EOPNOTSUPP},
    {0xc0000120, "STATUS_CANCELLED", ECANCELED},
    {0xc000013b, "STATUS_LOCAL_DISCONNECT", ECONNABORTED},
    {0xc000013c, "STATUS_REMOTE_DISCONNECT", ECONNRESET},
    {0xc0000141, "STATUS_INVALID_ADDRESS", EADDRNOTAVAIL},
    {0xc0000207, "STATUS_INVALID_ADDRESS_COMPONENT", EADDRNOTAVAIL},
    {0xc0000209, "STATUS_TOO_MANY_ADDRESSES", EADDRNOTAVAIL},
    {0xc000020a, "STATUS_ADDRESS_ALREADY_EXISTS", EADDRINUSE},
    {0xc000020c, "STATUS_CONNECTION_DISCONNECTED", ECONNRESET},
    {0xc000020d, "STATUS_CONNECTION_RESET", ECONNRESET},
    {0xc0000236, "STATUS_CONNECTION_REFUSED", ECONNREFUSED},
    {0xc000023a, "STATUS_CONNECTION_INVALID", ENOTCONN},
    {0xc000023c, "STATUS_NETWORK_UNREACHABLE", ENETUNREACH},
    {0xc000023d, "STATUS_HOST_UNREACHABLE", EHOSTUNREACH},
    {0xc000023e, "STATUS_PROTOCOL_UNREACHABLE", ENOPROTOOPT},
    {0xc000023f, "STATUS_PORT_UNREACHABLE", ECONNREFUSED},
    {0xc0000241, "STATUS_CONNECTION_ABORTED", ECONNABORTED},
};

const StatusRow* by_code(std::uint64_t code) {
    for (const StatusRow& row : statuses)
        if (row.code == static_cast<std::uint32_t>(code)) return &row;
    return nullptr;
}

bool word_byte(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

std::string_view word(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && word_byte(text[length])) ++length;
    return text.substr(0, length);
}

/// A name that may stand behind its number: "2(SynSentState)", "2 (SynSentState)".
std::string_view named(std::string_view text) {
    text = skip_blanks(text);
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') text.remove_prefix(1);
    text = skip_blanks(text);
    if (text.starts_with('(')) text.remove_prefix(1);
    return word(text);
}

}  // namespace

std::size_t blank_at(std::string_view text) {
    if (text.empty()) return 0;
    if (text[0] == ' ' || text[0] == '\t' || text[0] == '\xa0') return 1;
    return text.starts_with("\xc2\xa0") ? 2 : 0;
}

std::string_view skip_blanks(std::string_view text) {
    while (const std::size_t length = blank_at(text)) text.remove_prefix(length);
    return text;
}

std::string_view trim_blanks(std::string_view text) {
    text = skip_blanks(text);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.ends_with("\xc2\xa0"))) text.remove_suffix(text.back() == '\xa0' ? 2 : 1);
    return text;
}

std::optional<std::string_view> after(std::string_view text, Words key) {
    const auto at = key.find_in(text);
    if (at == std::string_view::npos) return std::nullopt;
    return skip_blanks(text.substr(at + key.size()));
}

std::string_view value(std::string_view text) {
    text = trim_blanks(text.substr(0, text.find_first_of(",)")));
    if (text.ends_with('.')) text.remove_suffix(1);
    return trim_blanks(text);
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t result = 0;
    std::size_t length = 0;
    for (; length < text.size() && text[length] >= '0' && text[length] <= '9'; ++length)
        if (__builtin_mul_overflow(result, 10, &result) || __builtin_add_overflow(result, text[length] - '0', &result)) return std::nullopt;
    if (length == 0) return std::nullopt;
    text.remove_prefix(length);
    return result;
}

std::optional<std::uint64_t> take_hexadecimal(std::string_view& text) {
    std::uint64_t result = 0;
    std::size_t length = 0;
    for (; length < text.size(); ++length) {
        const char c = text[length], lower = static_cast<char>(c | 0x20);
        const int digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
        if (digit < 0) break;
        if (result >> 60) return std::nullopt;
        result = result << 4 | static_cast<std::uint64_t>(digit);
    }
    if (length == 0) return std::nullopt;
    text.remove_prefix(length);
    return result;
}

std::optional<std::uint64_t> number(std::string_view text) {
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    if (hex) text.remove_prefix(2);
    return hex ? take_hexadecimal(text) : take_number(text);
}

std::optional<std::uint64_t> number_after(std::string_view text, Words key) {
    const auto behind = after(text, key);
    return behind ? number(*behind) : std::nullopt;
}

std::optional<Endpoint> endpoint(std::string_view text) {
    text = skip_blanks(text);
    std::size_t length = 0;
    while (length < text.size() && !blank_at(text.substr(length)) && text[length] != ',' && text[length] != ')' && text[length] != ';') ++length;
    text = text.substr(0, length);
    while (text.ends_with('.')) text.remove_suffix(1);
    std::string_view address = text, port;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        address = text.substr(1, close - 1);
        port = text.substr(close + 1);
        if (port.starts_with(':')) port.remove_prefix(1);
    } else if (const auto colon = text.find(':'); colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
        address = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    if (address.size() > 64) return std::nullopt;
    const auto parsed = Address::parse(address.substr(0, address.find('%')));
    if (!parsed) return std::nullopt;
    Endpoint result{*parsed, 0};
    if (port.empty()) return result;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), result.port);
    if (error != std::errc{} || end != port.data() + port.size()) return std::nullopt;
    return result;
}

std::optional<Endpoint> endpoint_after(std::string_view text, Words key) {
    const auto behind = after(text, key);
    return behind ? endpoint(*behind) : std::nullopt;
}

std::optional<Flow> flow(std::string_view text) {
    const auto local = endpoint_after(text, "(local="), peer = endpoint_after(text, " remote=");
    if (!local || !peer) return std::nullopt;
    return Flow{*local, *peer};
}

TcpState state(std::string_view text) {
    static constexpr struct {
        std::string_view name;
        TcpState state;
    } names[] = {
        {"ClosedState", TcpState::close},         {"ListenState", TcpState::listen},        {"SynSentState", TcpState::syn_sent},
        {"SynRcvdState", TcpState::syn_recv},     {"EstablishedState", TcpState::established}, {"FinWait1State", TcpState::fin_wait1},
        {"FinWait2State", TcpState::fin_wait2},   {"CloseWaitState", TcpState::close_wait}, {"ClosingState", TcpState::closing},
        {"LastAckState", TcpState::last_ack},     {"TimeWaitState", TcpState::time_wait},
    };
    const std::string_view wanted = named(text);
    for (const auto& [name, state] : names)
        if (name == wanted) return state;
    return TcpState::none;
}

Timer::Which timer(std::string_view text) {
    const std::string_view wanted = named(text);
    if (wanted == "RetransmitTimer") return Timer::Which::rto;
    if (wanted == "KeepAliveTimer") return Timer::Which::keepalive;
    return Timer::Which::none;
}

bool Status::pending() const { return error == EINPROGRESS; }

Status status(std::string_view text) {
    text = value(text);
    const StatusRow* row = nullptr;
    for (const std::string_view success : {"Success", "STATUS_SUCCESS", "The operation completed successfully"})
        if (text == success) return {};
    if (const auto name = text.find("STATUS_"); name != std::string_view::npos) {
        const std::string_view wanted = word(text.substr(name));
        for (const StatusRow& each : statuses)
            if (each.name == wanted) row = &each;
        if (!row) text = wanted;
    }
    if (const auto code = row ? std::nullopt : number(text.starts_with('-') ? text.substr(1) : text)) {
        const std::uint64_t bits = text.starts_with('-') ? ~*code + 1 : *code;
        row = by_code(bits);
        if (!row && text.starts_with("0x")) text = word(text);
    }
    if (row) return {row->error, row->error ? std::string(row->name) : std::string()};
    return {EIO, std::string(text.substr(0, longest_status))};
}

}  // namespace tcpwitness::windows
