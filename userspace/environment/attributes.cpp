#include "environment/attributes.h"

#include <linux/netlink.h>

namespace tcpwitness {

std::uint64_t Attribute::big_endian() const {
    std::uint64_t value = 0;
    for (const char byte : data.substr(0, 8)) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

Attributes Attribute::nested() const { return Attributes(data); }

void Attributes::Iterator::take() {
    nlattr head{};
    if (left_.size() >= sizeof head) std::memcpy(&head, left_.data(), sizeof head);
    if (head.nla_len < sizeof head || head.nla_len > left_.size()) {
        done_ = true;
        return;
    }
    current_ = {static_cast<std::uint16_t>(head.nla_type & NLA_TYPE_MASK), left_.substr(sizeof head, head.nla_len - sizeof head)};
    left_.remove_prefix(std::min<std::size_t>(NLA_ALIGN(head.nla_len), left_.size()));
}

std::optional<Attribute> Attributes::find(std::uint16_t type) const {
    for (const Attribute& each : *this)
        if (each.type == type) return each;
    return std::nullopt;
}

std::string Attributes::text(std::uint16_t type) const {
    const auto found = find(type);
    return found ? std::string(found->text()) : std::string();
}

std::uint64_t Attributes::big_endian(std::uint16_t type) const {
    const auto found = find(type);
    return found ? found->big_endian() : 0;
}

Attributes Attributes::nested(std::uint16_t type) const {
    const auto found = find(type);
    return found ? found->nested() : Attributes();
}

void append_attribute(std::string& to, std::uint16_t type, std::string_view data) {
    const nlattr head{static_cast<std::uint16_t>(sizeof(nlattr) + data.size()), type};
    to.append(reinterpret_cast<const char*>(&head), sizeof head).append(data);
    to.resize(NLA_ALIGN(to.size()), '\0');
}

}  // namespace tcpwitness
