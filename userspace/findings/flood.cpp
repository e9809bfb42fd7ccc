#include "findings/flood.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "findings/facts.h"

namespace tcpwitness {

void Flood::add(const Event& event) {
    const Repeats& repeats = *event.as<Repeats>();
    counted.push_back(&event);
    if (!event.flow.peer.address.unspecified()) networks.insert(fmt::format("{}/{}", event.flow.peer.address.text(), repeats.prefix_length));
    count += repeats.count;
    first_ns = std::min(first_ns, repeats.from_ns);
    last_ns = std::max(last_ns, repeats.to_ns);
    if (reason.empty()) reason = repeats.reason;
}

void Flood::add(const Connection& c) {
    recorded.push_back(&c);
    first_ns = std::min(first_ns, c.begin_ns);
    last_ns = std::max(last_ns, c.begin_ns);
    ++count;
}

std::string Flood::sources() const {
    std::string text = networks.empty() ? "various addresses" : *networks.begin();
    if (networks.size() > 1) text += " and " + count_text(networks.size() - 1, "more network", "more networks");
    return text;
}

Finding Flood::finding(const char* rule, const Proof& proof) const {
    Finding f;
    f.rule = rule;
    f.culprit = Culprit::peer_host;
    f.first_ns = first_ns;
    f.last_ns = last_ns;
    f.count = count;
    const double seconds = std::max(1e-9, static_cast<double>(last_ns - first_ns) / 1e9);
    const std::string one_by_one =
        forwarded ? "all counted; those that were recorded one by one come on top" : fmt::format("{} of them recorded one by one, the rest counted", recorded.size());
    f.reasons.push_back(fmt::format("{:.0f} a second; {}", static_cast<double>(count) / seconds, one_by_one));
    prove(f, proof);
    if (!reason.empty()) f.reasons.push_back("the kernel's reason: " + printable(reason));
    for (const Event* event : counted) cite(f, event);
    for (const Connection* c : recorded) f.connections.push_back(c->id);
    return f;
}

}  // namespace tcpwitness
