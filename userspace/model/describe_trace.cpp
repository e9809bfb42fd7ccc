// What the recording says about itself.
#include <fmt/format.h>

#include "base/text.h"
#include "model/describe_kinds.h"

namespace tcpwitness::kinds {

Layer layer(const Gap&) { return Layer::trace; }

bool noteworthy(const Gap&, const Event&) { return true; }

std::string sentence(const Gap& gap, const Event&) {
    const std::uint64_t length_ns = gap.to_ns > gap.from_ns ? gap.to_ns - gap.from_ns : 0;
    return fmt::format("{} lost by probe {} within {}", count_text(gap.lost, "record", "records"), printable(gap.probe), duration_text(length_ns));
}

void add_fields(std::vector<Field>& to, const Gap& gap, const Event&) {
    add(to, "probe", gap.probe);
    add(to, "lost", gap.lost);
    add(to, "length_ns", gap.to_ns > gap.from_ns ? gap.to_ns - gap.from_ns : std::uint64_t{0});
}

namespace {

/// A SYN is about a port of the end that it goes to, a SYN-ACK of the end that it comes from.
bool is_syn(Repeats::What what, const Flow& flow) { return (what == Repeats::What::handshake_in) == (flow.local.port != 0); }

std::string what_repeats(const Repeats& repeats, const Flow& flow) {
    using What = Repeats::What;
    if (repeats.what == What::reset_sent) return count_text(repeats.count, "RST sent without a socket", "RSTs sent without a socket");
    if (repeats.what == What::drop) return count_text(repeats.count, "packet without a socket dropped", "packets without a socket dropped");
    if (repeats.what == What::synack_retransmit) return count_text(repeats.count, "SYN-ACK sent again", "SYN-ACKs sent again");
    const bool in = repeats.what == What::handshake_in || repeats.what == What::packet_in;
    if (repeats.what == What::packet_in || repeats.what == What::packet_out)
        return fmt::format("{} {}", count_text(repeats.count, "SYN or RST", "SYNs and RSTs"), in ? "in" : "out");
    const bool various = !flow.local.port && !flow.peer.port, syn = is_syn(repeats.what, flow);
    const std::string packets = various ? count_text(repeats.count, "SYN or SYN-ACK", "SYNs and SYN-ACKs")
                                        : count_text(repeats.count, syn ? "SYN" : "SYN-ACK", syn ? "SYNs" : "SYN-ACKs");
    return fmt::format("{} {} that no connection came of", packets, in ? "in" : "out");
}

}  // namespace

Layer layer(const Repeats&) { return Layer::trace; }

bool noteworthy(const Repeats&, const Event&) { return true; }

std::string sentence(const Repeats& repeats, const Event& event) {
    const std::uint64_t length_ns = repeats.to_ns > repeats.from_ns ? repeats.to_ns - repeats.from_ns : 0;
    std::string text = what_repeats(repeats, event.flow);
    if (event.flow.local.port) text += fmt::format(" about port {}", event.flow.local.port);
    if (event.flow.peer.port) text += fmt::format(" about the peer's port {}", event.flow.peer.port);
    if (!event.flow.peer.address.unspecified()) text += fmt::format(" of {}/{}", event.flow.peer.address.text(), repeats.prefix_length);
    text += fmt::format(" within {}: counted, not recorded", duration_text(length_ns));
    if (!repeats.reason.empty()) text += ", reason " + printable(repeats.reason);
    return text;
}

void add_fields(std::vector<Field>& to, const Repeats& repeats, const Event&) {
    add(to, "what", name(repeats.what));
    add(to, "count", repeats.count);
    add(to, "length_ns", repeats.to_ns > repeats.from_ns ? repeats.to_ns - repeats.from_ns : std::uint64_t{0});
    add(to, "prefix_length", repeats.prefix_length);
    if (!repeats.reason.empty()) add(to, "reason", repeats.reason);
}

}  // namespace tcpwitness::kinds
