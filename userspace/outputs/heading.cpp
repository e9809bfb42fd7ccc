#include "outputs/heading.h"

#include <fmt/format.h>

#include "base/text.h"
#include "correlate/units.h"
#include "model/describe.h"
#include "outputs/wire_text.h"

namespace tcpwitness {

namespace {

std::string error_suffix(std::int32_t error) { return error ? fmt::format(" ({})", errno_name(error)) : ""; }

std::string ending_words(const Connection& connection) {
    const std::string error = error_suffix(connection.error);
    switch (connection.ending) {
        case Ending::open: return "still open at the end of the recording";
        case Ending::closed: return "closed";
        case Ending::refused: return "refused" + error;
        case Ending::connect_timeout: return (connection.wire && !connection.error ? "never answered" : "connect timed out") + error;
        case Ending::connect_failed: return "connect failed" + error;
        case Ending::reset_received: return "ended by a RST received" + error;
        case Ending::reset_sent: return "ended by a RST sent" + error;
        case Ending::timed_out: return (connection.wire && !connection.error ? "went silent" : "timed out") + error;
        case Ending::handshake_expired: return "handshake never completed";
        case Ending::handshake_reset: return "handshake ended by a RST";
        case Ending::unknown: break;
    }
    return "end not seen" + error;
}

}  // namespace

std::string endpoints_text(const Connection& connection) {
    const std::string local = connection.flow.local.text(), peer = connection.flow.peer.text();
    switch (connection.role) {
        case Role::listener: return "listening on " + local;
        case Role::client: return fmt::format("{} -> {}", local, peer);
        case Role::server: return fmt::format("{} <- {}", local, peer);
        case Role::unknown: break;
    }
    return fmt::format("{} -- {}", local, peer);
}

std::string process_text(const Connection& connection) {
    if (connection.owner.known()) {
        Task process = connection.owner;
        process.tid = process.pid;
        return task_text(process);
    }
    if (connection.wire && !connection.cookie) return {};  // a capture: nobody expects one
    return connection.embryonic ? "no socket" : "process not seen";
}

std::string process_text(const Story& story, const Connection& connection) {
    const std::string unit = unit_of(story, connection);
    return process_text(connection) + (unit.empty() ? "" : " in " + printable(unit));
}

std::string ending_text(const Connection& connection) {
    if (connection.ending == Ending::open || connection.begin_ns >= connection.end_ns) return ending_words(connection);
    return fmt::format("{} after {}", ending_words(connection), duration_text(connection.end_ns - connection.begin_ns));
}

std::string sentence_within(const Event& event, const Connection* connection) {
    const auto* call = event.as<Call>();
    if (!connection || !call || event.flow.peer.port) return sentence(event);
    Event completed = event;
    completed.flow = connection->flow;
    return sentence(completed);
}

std::string witness_text(const Story& story, WitnessId id) {
    return id < story.witnesses.size() ? printable(story.witnesses[id].name) : fmt::format("witness {}", id);
}

const char* role_text(const Connection& connection) {
    switch (connection.role) {
        case Role::client: return "client";
        case Role::server: return "server";
        case Role::listener: return "listener";
        case Role::unknown: break;
    }
    return "socket";
}

HeadingParts heading(const Story& story, const Plan& plan, const ShownSession& session) {
    const Connection& first = *session.ends.front();
    HeadingParts parts;
    parts.ids = fmt::format("#{}", first.id);
    parts.endpoints = endpoints_text(first);
    parts.process = process_text(story, first);
    if (story.witnesses.size() > 1) parts.witness = witness_text(story, first.witness);
    parts.ending = ending_text(first);
    if (first.wire) parts.ending += "; " + wire_text(*first.wire);
    if (session.ends.size() > 1) {
        const Connection& second = *session.ends.back();
        parts.ids += fmt::format(" #{}", second.id);
        parts.process += " -> " + process_text(story, second);
        if (!parts.witness.empty() && first.witness != second.witness) parts.witness += " -> " + witness_text(story, second.witness);
    }
    for (const std::size_t number : session.findings) {
        if (!parts.findings.empty()) parts.findings += "  ";
        parts.findings += fmt::format("[{}] {}", number, plan.findings[number - 1]->rule);
    }
    return parts;
}

}  // namespace tcpwitness
