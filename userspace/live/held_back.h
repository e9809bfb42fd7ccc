// The counts of what the programs held back (bpf/repeats.h), as TW_REPEATS records of what was added since the last look.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bpf/options.h"

namespace tcpwitness {

class HeldBack {
public:
    /// `fd`: the map of counts, each of them one for each of `cpus`. Makes the entries "others" that the programs fall back to.
    HeldBack(int fd, unsigned cpus, bool reasons_told, std::uint64_t now_ns);

    using Emit = std::function<void(const void* record, std::size_t size)>;

    /// More of `key`, counted by somebody else; told with the next look.
    void add(const tw_held_key& key, std::uint64_t count) { added_[key] += count; }

    /// One record for each entry that grew since the last look. Entries that have not grown for a minute are given back.
    void look(std::uint64_t now_ns, const Emit&);

    std::uint64_t total() const { return total_; }

    /// The record of `added` more of `key` between the two times.
    static std::string record(const tw_held_key& key, std::uint64_t added, std::uint64_t from_ns, std::uint64_t to_ns, bool reasons_told);

private:
    struct Less {
        bool operator()(const tw_held_key& a, const tw_held_key& b) const;
    };
    void tell(const tw_held_key& key, std::uint64_t count, std::uint64_t now_ns, const Emit&);

    struct Seen {
        std::uint64_t count = 0, grown_ns = 0;
    };
    int fd_;
    bool reasons_told_;
    std::uint64_t began_ns_, last_ns_, total_ = 0;
    std::vector<std::uint64_t> by_cpu_;
    std::map<tw_held_key, Seen, Less> seen_;
    std::map<tw_held_key, std::uint64_t, Less> added_;
};

}  // namespace tcpwitness
