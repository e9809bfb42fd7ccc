// What is known of the configuration at one moment, and what became of it since.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/event.h"

namespace tcpwitness {

struct FactKey {
    std::string topic, name;
    auto operator<=>(const FactKey&) const = default;
};

struct Fact {
    enum class Kind : std::uint8_t {
        value,
        counter,     ///< moves by itself: no change until the end
        unreadable,  ///< the value says why
    };
    std::string value;
    Kind kind = Kind::value;
    bool operator==(const Fact&) const = default;
};

class Facts {
public:
    void add(std::string topic, std::string name, std::string value);
    void count(std::string topic, std::string name, std::string value);
    /// `part` is what could not be looked at; "" when the whole topic could not.
    void unreadable(std::string topic, std::string part, const std::string& why);
    /// Unreadable, when it is an error.
    void check(const Status& read, const char* topic, const char* part = "");

    const std::map<FactKey, Fact>& all() const { return facts_; }
    const Fact* find(const std::string& topic, const std::string& name) const;
    /// Takes a topic as it stood before, because nothing has changed it.
    void keep(const Facts& before, const std::string& topic);
    /// What follows from `before`: topics that cannot be read now stand as they stood, and counters at where they were first seen.
    void carry_over(const Facts& before);

private:
    std::map<FactKey, Fact> facts_;
};

/// All facts as they were found.
std::vector<Environment> as_found(const Facts&);

/// What appeared, changed or went from `before` to `after`. With `counters`, also how far counters moved.
std::vector<Environment> differences(const Facts& before, const Facts& after, bool counters);

}  // namespace tcpwitness
