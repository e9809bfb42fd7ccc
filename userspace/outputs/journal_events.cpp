#include "outputs/journal_events.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "correlate/markers.h"
#include "model/describe.h"
#include "outputs/heading.h"

namespace tcpwitness {

namespace {

constexpr int priority_warning = 4, priority_info = 6;  // syslog's

/// "process.pid" -> "TCPWITNESS_PROCESS_PID": journal fields are capitals, digits and underscores.
std::string key_of(std::string_view name) {
    std::string key = "TCPWITNESS_";
    for (const char c : name) key += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : (c >= '0' && c <= '9') ? c : '_';
    return key;
}

std::string value_of(const Field& field) {
    return std::visit(
        [](const auto& value) -> std::string {
            using Value = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<Value, std::string>)
                return printable(value);
            else
                return fmt::format("{}", value);
        },
        field.value);
}

std::string subject(const Event& event, const Connection* connection) {
    const Flow& flow = event.flow.complete() || !connection ? event.flow : connection->flow;
    if (flow.complete()) return fmt::format("{} > {}  ", flow.local.text(), flow.peer.text());
    return flow.local.port ? flow.local.text() + "  " : "";
}

}  // namespace

std::vector<JournalEvent> journal_events(const Story& story, const OutputOptions& options) {
    std::vector<JournalEvent> all;
    const auto add = [&](const std::vector<Event>& events, const Connection* connection) {
        for (const Event& event : events)
            if (!event.as<Segment>() && !frame_of(event)) all.push_back({&event, connection});
    };
    for (const Connection& connection : story.connections)
        if (!options.selected || options.selected(connection)) add(connection.events, &connection);
    add(story.gaps, nullptr);
    if (!options.selected)
        for (const auto* events : {&story.process_exits, &story.neighbours, &story.repeats}) add(*events, nullptr);
    for (const Event& event : story.unmatched)
        if (!event.as<Segment>() && !frame_of(event) && (!options.selected || sets_marker(event))) all.push_back({&event, nullptr});
    std::sort(all.begin(), all.end(), [](const JournalEvent& a, const JournalEvent& b) {
        return a.event->time_ns != b.event->time_ns ? a.event->time_ns < b.event->time_ns : a.event->id < b.event->id;
    });
    return all;
}

std::string journal_fields(const Story& story, const JournalEvent& one) {
    const Event& event = *one.event;
    std::string out = fmt::format("MESSAGE={}{}\nPRIORITY={}\nSYSLOG_IDENTIFIER=tcpwitness\n", subject(event, one.connection),
                                  sentence_within(event, one.connection), noteworthy(event) ? priority_warning : priority_info);
    const auto field = [&](std::string_view key, const std::string& value) { out += fmt::format("{}={}\n", key, value); };
    if (event.witness < story.witnesses.size()) {
        if (const std::string host = printable(story.witnesses[event.witness].host); !host.empty()) field("_HOSTNAME", host);
        field("TCPWITNESS_NETNS", witness_text(story, event.witness));
    }
    if (one.connection) {
        field("TCPWITNESS_CONNECTION", std::to_string(one.connection->id));
        if (const Task& owner = one.connection->owner; owner.known()) {
            field("_PID", std::to_string(owner.pid));
            field("_COMM", printable(owner.comm));
        }
    }
    field("TCPWITNESS_KIND", kind_name(event));
    for (const Field& fact : fields(event)) field(key_of(fact.name), value_of(fact));
    return out;
}

}  // namespace tcpwitness
