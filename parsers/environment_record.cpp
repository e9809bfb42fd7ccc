#include "parsers/environment_record.h"

#include <algorithm>
#include <cstring>

#include "bpf/records.h"
#include "parsers/trace_context.h"

namespace tcpwitness {

namespace {

constexpr std::size_t most_topic = 64, most_name = 512, most_value = 4096;

std::string_view bytes_of(const auto& value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

}  // namespace

std::string environment_record(std::uint64_t boot_ns, std::uint32_t netns, const Environment& fact) {
    const std::string_view topic = std::string_view(fact.topic).substr(0, most_topic), name = std::string_view(fact.name).substr(0, most_name);
    const std::string_view before = std::string_view(fact.before).substr(0, most_value), after = std::string_view(fact.after).substr(0, most_value);
    tw_environment body{};
    body.what = static_cast<std::uint8_t>(fact.what);
    body.topic_length = static_cast<std::uint8_t>(topic.size());
    body.name_length = static_cast<std::uint16_t>(name.size());
    body.before_length = static_cast<std::uint16_t>(before.size());
    body.after_length = static_cast<std::uint16_t>(after.size());
    tw_head head{};
    head.time_ns = boot_ns;
    head.netns = netns;
    head.kind = TW_ENVIRONMENT;
    head.probe = TW_PROBE_COLLECTOR;
    head.size = static_cast<std::uint16_t>(sizeof head + sizeof body + topic.size() + name.size() + before.size() + after.size());
    std::string record(bytes_of(head));
    return record.append(bytes_of(body)).append(topic).append(name).append(before).append(after);
}

bool read_environment(std::string_view body, Environment& to) {
    tw_environment lengths;
    std::memcpy(&lengths, body.data(), sizeof lengths);
    body.remove_prefix(sizeof lengths);
    const std::size_t needed = std::size_t{lengths.topic_length} + lengths.name_length + lengths.before_length + lengths.after_length;
    if (needed > body.size()) return false;
    const auto take = [&](std::size_t length) {
        const std::string text = clean(body.substr(0, length));
        body.remove_prefix(length);
        return text;
    };
    to.what = static_cast<Environment::What>(lengths.what);
    to.topic = take(lengths.topic_length);
    to.name = take(lengths.name_length);
    to.before = take(lengths.before_length);
    to.after = take(lengths.after_length);
    return true;
}

}  // namespace tcpwitness
