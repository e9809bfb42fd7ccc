// The host's configuration: what it was, and what changed while the recording ran.
#include <fmt/format.h>

#include "base/text.h"
#include "model/describe_kinds.h"

namespace tcpwitness::kinds {

Layer layer(const Environment&) { return Layer::host; }

/// What was there from the beginning is for reference; a change may be the reason of what follows.
bool noteworthy(const Environment& fact, const Event&) {
    using What = Environment::What;
    return fact.what == What::appeared || fact.what == What::changed || fact.what == What::gone;
}

std::string sentence(const Environment& fact, const Event&) {
    const std::string subject = fmt::format("{}{}{}", printable(fact.topic), fact.name.empty() ? "" : " ", printable(fact.name));
    const std::string before = printable(fact.before), after = printable(fact.after);
    switch (fact.what) {
        case Environment::What::found: return after.empty() ? subject : fmt::format("{}: {}", subject, after);
        case Environment::What::appeared: return fmt::format("{} appeared{}{}", subject, after.empty() ? "" : ": ", after);
        case Environment::What::changed: return fmt::format("{} changed from {} to {}", subject, before, after);
        case Environment::What::gone: return fmt::format("{} is gone{}{}", subject, before.empty() ? "" : ", was: ", before);
        case Environment::What::counted: return fmt::format("{} counted from {} to {}", subject, before, after);
        case Environment::What::unreadable: return fmt::format("{} could not be looked at: {}", subject, after);
    }
    return subject;
}

void add_fields(std::vector<Field>& to, const Environment& fact, const Event&) {
    add(to, "what", name(fact.what));
    add(to, "scope", fact.of_host ? "host" : "namespace");
    add(to, "topic", fact.topic);
    if (!fact.name.empty()) add(to, "name", fact.name);
    if (!fact.before.empty()) add(to, "before", fact.before);
    if (!fact.after.empty()) add(to, "after", fact.after);
}

}  // namespace tcpwitness::kinds
