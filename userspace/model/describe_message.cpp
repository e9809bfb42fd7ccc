// What the application said to its peer, as its own log tells it.
#include <fmt/format.h>

#include "base/text.h"
#include "model/describe_kinds.h"

namespace tcpwitness::kinds {

namespace {

constexpr std::uint32_t unauthorized = 401, proxy_authentication_required = 407, first_failure = 400;

}  // namespace

Layer layer(const Message&) { return Layer::app; }

/// A challenge for credentials is how a session begins, not how it fails.
bool noteworthy(const Message& message, const Event&) {
    const std::uint32_t status = message.status();
    const bool failed = status >= first_failure && status != unauthorized && status != proxy_authentication_required;
    return failed || !message.result_code.empty();
}

std::string sentence(const Message& message, const Event& event) {
    const bool moved = message.remark.empty();
    std::string text = moved ? fmt::format("{} {}: {}", printable(message.protocol), message.outgoing ? "out" : "in", printable(message.start_line))
                             : fmt::format("{}: {}{}{}", printable(message.protocol), printable(message.remark), message.start_line.empty() ? "" : ": ", printable(message.start_line));
    const char* const to_peer = !moved ? "peer" : message.outgoing ? "to" : "from";
    if (!message.peer.empty())
        text += fmt::format("{} {} {}", moved ? "" : ",", to_peer, printable(message.peer));
    else if (event.flow.peer.port)
        text += fmt::format("{} {} {}", moved ? "" : ",", to_peer, event.flow.peer.text());
    if (!message.sequence.empty()) text += fmt::format(", CSeq {}", printable(message.sequence));
    if (!message.call_id.empty()) text += fmt::format(", Call-ID {}", printable(message.call_id));
    if (!message.result_code.empty()) text += fmt::format(", result {}", printable(message.result_code));
    if (message.bytes) text += fmt::format(", {}", count_text(message.bytes, "byte", "bytes"));
    return text;
}

void add_fields(std::vector<Field>& to, const Message& message, const Event&) {
    if (message.remark.empty()) add(to, "direction", message.outgoing ? "out" : "in");
    add(to, "protocol", message.protocol);
    add(to, "start_line", message.start_line);
    if (const std::uint32_t status = message.status()) add(to, "status_code", status);
    if (!message.call_id.empty()) add(to, "call_id", message.call_id);
    if (!message.sequence.empty()) add(to, "message_sequence", message.sequence);
    if (!message.peer.empty()) add(to, "peer_name", message.peer);
    if (!message.result_code.empty()) add(to, "result_code", message.result_code);
    if (message.bytes) add(to, "message_bytes", message.bytes);
    if (!message.remark.empty()) add(to, "remark", message.remark);
}

}  // namespace tcpwitness::kinds
