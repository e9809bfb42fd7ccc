#include "model/marker.h"

#include <algorithm>

namespace tcpwitness {

namespace {

constexpr std::string_view magic = "tcpwitness-mark:";  // bpf/icmp.bpf.h looks for it too
constexpr std::size_t longest = marker_bytes - magic.size() - 1;

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

bool marker_name_fits(std::string_view name) {
    const auto allowed = [](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_'; };
    return !name.empty() && name.size() <= longest && letter(name.front()) && std::all_of(name.begin(), name.end(), allowed);
}

std::string marker_data(std::string_view name) {
    std::string data(magic);
    data += name;
    data.resize(marker_bytes);
    return data;
}

std::string marker_name(std::string_view data) {
    if (!data.starts_with(magic)) return {};
    data.remove_prefix(magic.size());
    const std::string_view name = data.substr(0, data.find('\0'));
    return marker_name_fits(name) ? std::string(name) : std::string();
}

}  // namespace tcpwitness
