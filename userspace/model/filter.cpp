#include "model/filter.h"

#include <algorithm>

#include "base/text.h"

namespace tcpwitness {
namespace {

std::optional<PortRange> parse_range(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = parse_number<std::uint16_t>(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number<std::uint16_t>(text.substr(dash + 1));
    if (!first || !last || *first == 0 || *first > *last) return std::nullopt;
    return PortRange{*first, *last};
}

unsigned bits(const Address& address) { return address.family == Address::Family::ipv4 ? 32 : 128; }

Address masked(Address address, unsigned length) {
    for (unsigned i = 0; i < address.bytes.size(); ++i) {
        const unsigned kept = length > i * 8 ? std::min(8u, length - i * 8) : 0;
        address.bytes[i] &= static_cast<std::uint8_t>(0xff00 >> kept);
    }
    return address;
}

template <typename Value, typename Wanted>
bool any(const std::vector<Wanted>& wanted, const Value& value) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const Wanted& one) { return one.holds(value); });
}

bool port_wanted(const std::vector<PortRange>& ranges, std::uint16_t port) { return port == 0 || any(ranges, port); }
bool host_wanted(const std::vector<Prefix>& prefixes, const Address& address) { return address.unspecified() || any(prefixes, address); }

}  // namespace

bool Prefix::holds(const Address& other) const { return other.family == address.family && masked(other, length) == address; }

std::string Prefix::text() const {
    return length == bits(address) ? address.text() : address.text() + "/" + std::to_string(length);
}

bool Filter::by_flow() const {
    const auto set = [](const auto& lists) { return std::any_of(std::begin(lists), std::end(lists), [](auto& l) { return !l.empty(); }); };
    return set(ports) || set(hosts);
}

bool Filter::empty() const { return !by_flow() && !by_task() && netns.empty() && !since_wall_ns && !until_wall_ns; }

bool Filter::flow(const Flow& flow) const {
    const auto either = static_cast<int>(Side::either), local = static_cast<int>(Side::local), peer = static_cast<int>(Side::peer);
    if (!ports[either].empty() && !port_wanted(ports[either], flow.local.port) && !port_wanted(ports[either], flow.peer.port)) return false;
    if (!ports[local].empty() && !port_wanted(ports[local], flow.local.port)) return false;
    if (!ports[peer].empty() && !port_wanted(ports[peer], flow.peer.port)) return false;
    if (!hosts[either].empty() && !host_wanted(hosts[either], flow.local.address) && !host_wanted(hosts[either], flow.peer.address))
        return false;
    if (!hosts[local].empty() && !host_wanted(hosts[local], flow.local.address)) return false;
    return hosts[peer].empty() || host_wanted(hosts[peer], flow.peer.address);
}

bool Filter::whole_flow(const Flow& flow) const {
    const auto either = static_cast<int>(Side::either), local = static_cast<int>(Side::local), peer = static_cast<int>(Side::peer);
    if (!ports[either].empty() && !any(ports[either], flow.local.port) && !any(ports[either], flow.peer.port)) return false;
    if (!ports[local].empty() && !any(ports[local], flow.local.port)) return false;
    if (!ports[peer].empty() && !any(ports[peer], flow.peer.port)) return false;
    return this->flow(flow);
}

bool Filter::task(const Task& task) const {
    if (!pids.empty() && std::find(pids.begin(), pids.end(), task.pid) == pids.end()) return false;
    return comms.empty() || std::find(comms.begin(), comms.end(), task.comm) != comms.end();
}

bool Filter::namespace_wanted(std::uint32_t inum) const {
    return netns.empty() || std::find(netns.begin(), netns.end(), inum) != netns.end();
}

Status parse_ports(std::string_view text, std::vector<PortRange>& ranges) {
    for (const std::string_view part : split(text, ',')) {
        const auto range = parse_range(part);
        if (!range)
            return Error{"'" + printable(text) + "' is not a list of ports: write 443, 443,8443 or 8000-8100 (1 to 65535)"};
        ranges.push_back(*range);
    }
    return success();
}

Status parse_prefix(std::string_view text, std::vector<Prefix>& prefixes) {
    const auto slash = text.find('/');
    const auto address = Address::parse(text.substr(0, slash));
    const Error wrong{"'" + printable(text) + "' is not an address: write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32"};
    if (!address) return wrong;
    unsigned length = bits(*address);
    if (slash != std::string_view::npos) {
        const auto given = parse_number<unsigned>(text.substr(slash + 1));
        if (!given || *given > length) return wrong;
        length = *given;
    }
    prefixes.push_back({masked(*address, length), length});
    return success();
}

}  // namespace tcpwitness
