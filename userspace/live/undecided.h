// Keeps what a filter by port or address does not choose out of the recording. The programs let records pass whose flow is not known yet: a
// socket() has no ports. Here they wait until it is, and are then written or dropped.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bpf/records.h"
#include "live/withheld.h"
#include "model/filter.h"

namespace tcpwitness {

class Undecided {
public:
    using Write = std::function<void(const void* data, std::size_t size)>;
    static constexpr std::size_t most_bytes = 4u << 20;  ///< that wait
    static constexpr std::size_t most_gone = 4096;       ///< destroyed sockets that are still known

    Undecided(const Filter& filter, Write write) : filter_(filter), write_(std::move(write)) {}

    /// A record whose length has been checked against its head. Written now, later, or never.
    void take(const tw_head& head, const void* data);

    /// At the end: what nobody learnt the flow of was not asked for.
    void drop_all();

    std::vector<std::pair<std::string, std::string>> take_withheld() { return withheld_.take(); }

    std::uint64_t dropped() const { return withheld_.count(); }      ///< records, of sockets that the filter does not choose
    std::uint64_t overflowed() const { return overflowed_; }  ///< of them: while nobody knew yet, because too many waited

private:
    enum class Answer { yes, no, unknown };
    struct Waiting {
        std::uint64_t cookie = 0;
        std::uint32_t socket_id = 0;
        std::vector<std::string> records;
    };
    using Place = std::list<Waiting>::iterator;

    Answer ask(const tw_head& head, const Flow& flow) const;
    Place find(const tw_head& head);
    bool chosen(const tw_head& head) const;
    void choose(const tw_head& head);
    void forget(const tw_head& head);
    void forget_later(const tw_head& head);
    void wait(const tw_head& head, const void* data);
    void write_waiting(const tw_head& head);
    void drop_waiting(Place);
    void release(Place);
    void write(const tw_head& head, const void* data);

    const Filter& filter_;
    Write write_;
    std::list<Waiting> waiting_;  ///< the oldest first
    std::unordered_map<std::uint64_t, Place> by_cookie_;
    std::unordered_map<std::uint32_t, Place> by_socket_id_;
    std::unordered_set<std::uint64_t> chosen_cookies_;
    std::unordered_set<std::uint32_t> chosen_ids_;
    std::unordered_map<std::uint64_t, std::uint32_t> id_of_cookie_;  ///< of the chosen
    std::deque<std::uint64_t> gone_;  ///< chosen sockets that were destroyed, by cookie: something may follow still
    std::unordered_set<std::uint32_t> pids_;                         ///< processes that had a part in what was written
    Withheld withheld_;
    std::size_t bytes_ = 0;
    std::uint64_t overflowed_ = 0;
};

}  // namespace tcpwitness
