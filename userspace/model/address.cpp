#include "model/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace tcpwitness {

namespace {

constexpr std::uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

Address Address::ipv4(const std::uint8_t* four) {
    Address address;
    std::memcpy(address.bytes.data(), four, 4);
    address.family = Family::ipv4;
    return address;
}

Address Address::ipv6(const std::uint8_t* sixteen) {
    if (std::memcmp(sixteen, v4_mapped, sizeof v4_mapped) == 0) return ipv4(sixteen + sizeof v4_mapped);
    Address address;
    std::memcpy(address.bytes.data(), sixteen, 16);
    address.family = Family::ipv6;
    return address;
}

std::optional<Address> Address::parse(std::string_view text) {
    char terminated[INET6_ADDRSTRLEN + 1];
    if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos) return std::nullopt;
    terminated[text.copy(terminated, sizeof terminated - 1)] = '\0';
    std::uint8_t bytes[16];
    if (inet_pton(AF_INET, terminated, bytes) == 1) return ipv4(bytes);
    if (inet_pton(AF_INET6, terminated, bytes) == 1) return ipv6(bytes);
    return std::nullopt;
}

bool Address::unspecified() const {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool Address::loopback() const {
    if (family == Family::ipv4) return bytes[0] == 127;
    if (family == Family::none) return false;
    return bytes[15] == 1 && std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

std::string Address::text() const {
    if (family == Family::none) return "*";
    char text[INET6_ADDRSTRLEN];
    inet_ntop(family == Family::ipv4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
    return text;
}

std::string Endpoint::text() const {
    const char* shape = address.family == Address::Family::ipv6 ? "[{}]:{}" : "{}:{}";
    if (port == 0) shape = address.family == Address::Family::ipv6 ? "[{}]:*" : "{}:*";
    return fmt::format(fmt::runtime(shape), address.text(), port);
}

std::size_t FlowHash::operator()(const Flow& flow) const noexcept {
    std::uint64_t hash = std::uint64_t{flow.local.port} << 16 | flow.peer.port;
    for (const Address* address : {&flow.local.address, &flow.peer.address}) {
        std::uint64_t halves[2];
        std::memcpy(halves, address->bytes.data(), sizeof halves);
        for (const std::uint64_t half : halves) {
            hash = (hash ^ half) * 0x9e3779b97f4a7c15u;
            hash ^= hash >> 32;
        }
    }
    return hash;
}

}  // namespace tcpwitness
