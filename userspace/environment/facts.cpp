#include "environment/facts.h"

#include <utility>

namespace tcpwitness {

namespace {

using What = Environment::What;

Environment fact(What what, const FactKey& key, const std::string& before, const std::string& after) {
    return {what, false, key.topic, key.name, before, after};
}

/// A fact that was not there before, or could not be read.
Environment news(What what, const FactKey& key, const Fact& now) {
    return fact(now.kind == Fact::Kind::unreadable ? What::unreadable : what, key, "", now.value);
}

}  // namespace

void Facts::add(std::string topic, std::string name, std::string value) {
    facts_[{std::move(topic), std::move(name)}] = {std::move(value), Fact::Kind::value};
}

void Facts::count(std::string topic, std::string name, std::string value) {
    facts_[{std::move(topic), std::move(name)}] = {std::move(value), Fact::Kind::counter};
}

void Facts::unreadable(std::string topic, std::string part, const std::string& why) {
    facts_[{std::move(topic), std::move(part)}] = {why, Fact::Kind::unreadable};
}

void Facts::check(const Status& read, const char* topic, const char* part) {
    if (!read) unreadable(topic, part, read.error().message);
}

const Fact* Facts::find(const std::string& topic, const std::string& name) const {
    const auto found = facts_.find({topic, name});
    return found == facts_.end() ? nullptr : &found->second;
}

void Facts::keep(const Facts& before, const std::string& topic) {
    for (auto at = before.facts_.lower_bound({topic, ""}); at != before.facts_.end() && at->first.topic == topic; ++at) facts_.insert(*at);
}

void Facts::carry_over(const Facts& before) {
    std::vector<std::string> hidden;
    for (const auto& [key, now] : facts_)
        if (now.kind == Fact::Kind::unreadable && key.name.empty()) hidden.push_back(key.topic);
    for (const std::string& topic : hidden) keep(before, topic);
    for (auto& [key, now] : facts_)
        if (const Fact* was = now.kind == Fact::Kind::counter ? before.find(key.topic, key.name) : nullptr) now = *was;
}

std::vector<Environment> as_found(const Facts& facts) {
    std::vector<Environment> all;
    for (const auto& [key, now] : facts.all()) all.push_back(news(What::found, key, now));
    return all;
}

std::vector<Environment> differences(const Facts& before, const Facts& after, bool counters) {
    std::vector<Environment> all;
    for (const auto& [key, was] : before.all())
        if (!after.find(key.topic, key.name) && was.kind == Fact::Kind::value) all.push_back(fact(What::gone, key, was.value, ""));
    for (const auto& [key, now] : after.all()) {
        const Fact* was = before.find(key.topic, key.name);
        if (was && *was == now) continue;
        if (now.kind == Fact::Kind::counter) {
            if (counters) all.push_back(was ? fact(What::counted, key, was->value, now.value) : news(What::found, key, now));
        } else if (!was || was->kind == Fact::Kind::unreadable || now.kind == Fact::Kind::unreadable) {
            all.push_back(news(What::appeared, key, now));
        } else {
            all.push_back(fact(What::changed, key, was->value, now.value));
        }
    }
    return all;
}

}  // namespace tcpwitness
