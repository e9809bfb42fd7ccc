// A rule of nftables, from the kernel's expressions back to words like those that people write.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "environment/attributes.h"

namespace tcpwitness {

/// An element of a set: a value, or the first and last of a range; with a verdict in a verdict map.
struct NftElement {
    std::string first, last;  ///< bytes, as the kernel compares them
    std::string verdict;
};

class NftRule {
public:
    /// Where the elements of a set without a name come from.
    using Elements = std::function<std::vector<NftElement>(const std::string& set)>;
    explicit NftRule(Elements elements) : elements_(std::move(elements)) {}

    /// One expression of the rule, in their order.
    void take(const std::string& expression, const Attributes&);

    /// "tcp dport 5061 reject with tcp reset"
    std::string text() const;
    bool counts() const { return counts_; }
    std::uint64_t packets() const { return packets_; }

private:
    struct Value {
        std::string field = "?";      ///< "tcp dport"
        std::string mask;
        std::string constant;
        enum class Type : std::uint8_t { number, address, protocol, family, text, flags, state, host_number, presence } type = Type::number;
        std::uint64_t width = 0;      ///< of an address: its whole length
    };
    Value& at(std::uint64_t number) { return registers_[number < 8 ? (number - 1) * 4 : number - 8]; }
    void load_payload(const Attributes&);
    void load_meta(const Attributes&);
    void load_ct(const Attributes&);
    void load_header_option(const Attributes&);
    void load(std::uint64_t number, const std::string& field);
    void compare(const Attributes&);
    void look_up(const Attributes&);
    void reject(const Attributes&);
    void translate(const Attributes&);
    void compatible(const Attributes&, bool is_target);
    void say(std::string words) { words_.push_back(std::move(words)); }
    static std::string value_text(const Value&, std::string_view bytes);

    Elements elements_;
    std::map<std::uint64_t, Value> registers_;
    std::vector<std::string> words_;
    std::string protocol_ = "th";  ///< that the transport header was compared with
    bool counts_ = false;
    std::uint64_t packets_ = 0;
};

/// "drop", "accept", "jump other"; of a verdict's attributes.
std::string nft_verdict(const Attributes&);

}  // namespace tcpwitness
