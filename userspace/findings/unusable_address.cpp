#include "findings/unusable_address.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/device_facts.h"

namespace tcpwitness {

namespace {

bool v4(const Address& address) { return address.family == Address::Family::ipv4; }
bool v6(const Address& address) { return address.family == Address::Family::ipv6; }

bool link_local(const Address& address) { return v6(address) && address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80; }
bool multicast(const Address& address) { return (v6(address) && address.bytes[0] == 0xff) || (v4(address) && (address.bytes[0] & 0xf0) == 0xe0); }

std::uint32_t number(const Address& address) {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | address.bytes[static_cast<std::size_t>(i)];
    return value;
}

/// Of one of the host's own networks: "eth0 192.0.2.1/24".
bool broadcast_of(const std::string& own, const Address& address) {
    const auto words = split(own, ' ');
    const auto slash = words.size() < 2 ? std::string_view::npos : words[1].find('/');
    if (slash == std::string_view::npos) return false;
    const auto at = Address::parse(words[1].substr(0, slash));
    const auto length = parse_number<std::uint32_t>(words[1].substr(slash + 1));
    if (!at || !v4(*at) || !length || *length > 30) return false;
    const std::uint32_t hosts = *length ? 0xffffffffu >> *length : 0xffffffffu;
    return number(address) == (number(*at) | hosts);
}

bool broadcast(const Story& story, const Connection& c) {
    const Address& address = c.flow.peer.address;
    if (!v4(address)) return false;
    if (number(address) == 0xffffffffu) return true;
    const auto facts = facts_then(story, c.witness, "address", c.begin_ns, c.end_ns);
    return std::any_of(facts.begin(), facts.end(), [&](const Event* event) { return broadcast_of(event->as<Environment>()->name, address); });
}

}  // namespace

std::string unusable_address(const Story& story, const Connection& c) {
    const Address& address = c.flow.peer.address;
    if (c.error == EINVAL && link_local(address)) return fmt::format("{} is a link-local address, and nothing says on which device: write it as {}%DEVICE", address.text(), address.text());
    if (c.error != ENETUNREACH && c.error != EACCES) return {};
    if (multicast(address)) return fmt::format("{} is a multicast address, and TCP connects to one host only", address.text());
    if (broadcast(story, c)) return fmt::format("{} is a broadcast address, and TCP connects to one host only", address.text());
    return {};
}

}  // namespace tcpwitness
