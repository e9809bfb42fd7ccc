#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tcpwitness {

/// An IPv4 or IPv6 address; v4-mapped IPv6 is stored as IPv4, so that both ends of a session compare equal. Where a text shows host names instead,
/// it is such a name: it compares equal to itself only.
struct Address {
    enum class Family : std::uint8_t { none, ipv4, ipv6, name };

    std::array<std::uint8_t, 16> bytes{};  ///< network order; IPv4 uses the first 4, the rest stays 0
    Family family = Family::none;

    static Address ipv4(const std::uint8_t* four);
    static Address ipv6(const std::uint8_t* sixteen);  ///< v4-mapped becomes ipv4
    static std::optional<Address> parse(std::string_view text);
    /// A host by its name, whatever its case. Names are kept until the process ends; none once there are 65,536 of them, nor for what is no host name.
    static std::optional<Address> named(std::string_view host);

    bool unspecified() const;  ///< none, 0.0.0.0 or ::
    bool loopback() const;     ///< 127/8 or ::1
    std::string text() const;  ///< "192.0.2.1", "2001:db8::1", a host's name, "*" for none

    auto operator<=>(const Address&) const = default;
};

struct Endpoint {
    Address address;
    std::uint16_t port = 0;  ///< host order; 0 = not known (yet)

    std::string text() const;  ///< "192.0.2.1:443", "[2001:db8::1]:443", "*:443"
    auto operator<=>(const Endpoint&) const = default;
};

/// A 4-tuple as one end sees it.
struct Flow {
    Endpoint local;
    Endpoint peer;

    Flow reversed() const { return {peer, local}; }
    bool complete() const { return local.port && peer.port && !peer.address.unspecified(); }
    auto operator<=>(const Flow&) const = default;
};

struct FlowHash {
    std::size_t operator()(const Flow& flow) const noexcept;
};

}  // namespace tcpwitness
