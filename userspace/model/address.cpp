#include "model/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include <fmt/format.h>

namespace tcpwitness {

namespace {

/// Host names by number, from 1 on: an address stays small, and a name is stored once. Texts are read by one thread each.
class Names {
public:
    std::uint32_t number(std::string_view host) {
        constexpr std::size_t most = 65'536;
        std::string key(host);
        std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
        const std::scoped_lock lock(mutex_);
        const auto known = numbers_.find(key);
        if (known != numbers_.end()) return known->second;
        if (texts_.size() >= most) return 0;
        texts_.emplace_back(host);
        return numbers_[std::move(key)] = static_cast<std::uint32_t>(texts_.size());
    }
    std::string text(std::uint32_t number) {
        const std::scoped_lock lock(mutex_);
        return number && number <= texts_.size() ? texts_[number - 1] : "*";
    }

private:
    std::mutex mutex_;
    std::map<std::string, std::uint32_t> numbers_;
    std::vector<std::string> texts_;
};

Names& names() {
    static Names all;
    return all;
}

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

std::optional<Address> Address::named(std::string_view host) {
    constexpr std::size_t longest = 253;
    const auto fits = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_'; };
    if (host.empty() || host.size() > longest || !std::all_of(host.begin(), host.end(), fits) || host.front() == '.' || host.front() == '-') return std::nullopt;
    const std::uint32_t number = names().number(host);
    if (!number) return std::nullopt;
    Address address;
    address.family = Family::name;
    std::memcpy(address.bytes.data(), &number, sizeof number);
    return address;
}

bool Address::unspecified() const {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool Address::loopback() const {
    if (family == Family::ipv4) return bytes[0] == 127;
    if (family != Family::ipv6) return false;
    return bytes[15] == 1 && std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

std::string Address::text() const {
    if (family == Family::none) return "*";
    if (family == Family::name) {
        std::uint32_t number = 0;
        std::memcpy(&number, bytes.data(), sizeof number);
        return names().text(number);
    }
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
