#include "findings/benign.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/facts.h"

namespace tcpwitness {

std::span<const BenignPattern> benign_patterns() {
    static constexpr std::array table = {
        BenignPattern{benign::health_check, "a health check: short connections at an even pace, closed or reset on purpose"},
        BenignPattern{benign::scan, "a scan: one host tries many ports or many hosts, and is refused or ignored"},
        BenignPattern{benign::abort_after_exchange, "a reset when the answer had arrived whole: nobody waited for anything more"},
        BenignPattern{benign::fallback, "a first address failed and another one answered within the same attempt"},
        BenignPattern{benign::late_reset, "a RST after both ends had closed"},
        BenignPattern{benign::loss_made_good, "packets were lost or dropped, sent again, and arrived"},
        BenignPattern{benign::withdrawn, "a connect that its own process took back at once, before an answer was due"},
        BenignPattern{benign::port_used_again, "a SYN met an older connection with the same ports, reset it, and got through when it was sent again"},
        BenignPattern{benign::slow_reader, "a reader that takes its data at its own pace: its window closes and opens again, and it reads all the time"},
        BenignPattern{benign::long_poll, "a server that holds requests until there is something to tell: it answers most of them late"},
        BenignPattern{benign::stops_in_midst, "a session of which nothing more was captured, of either end, after a request: nobody knows whether it was answered, so the report is undecided with it"},
        BenignPattern{benign::kept_out, "a packet filter kept SYNs off, as its purpose is: nobody listens there, others are let in, or its rule names who may not come"},
        BenignPattern{benign::ignored_reset, "a RST whose number did not fit: the kernel ignored it, and the connection went on to its end"},
        BenignPattern{benign::forwarded, "a RST that this host only forwarded between other hosts"},
    };
    return table;
}

Finding harmless(const char* pattern, const char* rule, const Connection& c, std::uint64_t time_ns, std::string where) {
    Finding f = about(rule, Culprit::unknown, Certainty::possible, c, time_ns);
    f.benign = pattern;
    f.fold_key = where;
    f.headline = std::move(where);
    return f;
}

std::string between(const Story& story, const Connection& c) {
    const bool server = c.role == Role::server;
    const std::string own = c.owner.comm.empty() ? c.flow.local.address.text() : printable(c.owner.comm);
    return server ? fmt::format("{} -> {}{}", c.flow.peer.address.text(), own + ":" + std::to_string(c.flow.local.port), at_place(story, c))
                  : fmt::format("{}{} -> {}", own, at_place(story, c), c.flow.peer.text());
}

}  // namespace tcpwitness
