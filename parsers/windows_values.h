// How a Windows trace writes its values, in each of the renderings that its tools have: "1504 (0x5E0)", "0(RetransmitTimer)", "SynSentState ".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/event.h"
#include "parsers/words.h"

namespace tcpwitness::windows {

/// Length of the blank at the front: space, tab, or a no-break space in UTF-8 or Latin-1; 0 = none.
std::size_t blank_at(std::string_view text);
std::string_view skip_blanks(std::string_view text);
std::string_view trim_blanks(std::string_view text);

/// What stands behind the first `key`, without leading blanks; nothing where it is not there.
std::optional<std::string_view> after(std::string_view text, Words key);
/// Up to the next ',' or ')', or to the end, without blanks and the sentence's full stop.
std::string_view value(std::string_view text);

/// Takes the digits off the front; nothing where there are none, or more than fit.
std::optional<std::uint64_t> take_number(std::string_view& text);
std::optional<std::uint64_t> take_hexadecimal(std::string_view& text);
/// The number at the front, decimal or 0x.
std::optional<std::uint64_t> number(std::string_view text);
std::optional<std::uint64_t> number_after(std::string_view text, Words key);

/// "192.168.1.1:50357", "[2001:db8::1%4]:443", at the front; a port that is not there is 0.
std::optional<Endpoint> endpoint(std::string_view text);
std::optional<Endpoint> endpoint_after(std::string_view text, Words key);
/// "(local=A:P remote=A:P)"
std::optional<Flow> flow(std::string_view text);

/// "SynSentState", "2(SynSentState)"; none for one that is not known.
TcpState state(std::string_view text);
Timer::Which timer(std::string_view text);

/// An NTSTATUS.
struct Status {
    std::int32_t error = 0;  ///< positive errno; 0 = success
    std::string text;        ///< "STATUS_IO_TIMEOUT", or as it stands there; empty = success
    bool pending() const;    ///< the call goes on in the background
};
/// "0xC00000B5 - STATUS_IO_TIMEOUT", "STATUS_IO_TIMEOUT", "3221225653 (0xC00000B5)", "Success", or words of some language.
Status status(std::string_view text);

}  // namespace tcpwitness::windows
