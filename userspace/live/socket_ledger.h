// Notices records of state changes that are missing although nobody counted them: the kernel may leave a program out and keep no count of it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "bpf/records.h"

namespace tcpwitness {

/// Every change begins in the state where the one before it ended, a socket is destroyed in CLOSE, and one that has not come there is in the kernel's
/// table. What breaks that is at least one missing record. Records of several CPUs may come in another order than they were made: what looks
/// missing is counted once it has not come for a second.
class SocketLedger {
public:
    static constexpr std::size_t most_sockets = 1u << 18;  ///< at a time; those beyond are not watched
    static constexpr std::uint64_t patience_ns = 1'000'000'000;

    /// `every_socket`: records come of all sockets from their beginning, not only once a process was seen with them (--pid, --comm).
    explicit SocketLedger(bool every_socket) : every_socket_(every_socket) {}

    /// A record that was taken, whose length has been checked against its head.
    void see(const tw_head&, const void* data, std::uint64_t now_ns);

    /// All sockets that the namespace had at that time have been seen: one that is open later and not known began unseen.
    void table_read(std::uint32_t netns, std::uint64_t now_ns) { read_ns_.emplace(netns, now_ns); }

    /// Namespaces of sockets that are not closed.
    std::set<std::uint32_t> namespaces() const;

    /// The cookies in a namespace's table, as read from `began_ns` on. Sockets that should be there and are not are absent until their last change comes.
    void call_roll(std::uint32_t netns, const std::unordered_set<std::uint64_t>& there, std::uint64_t began_ns);
    std::size_t absent() const;

    /// What has turned out to be missing: count, and the time that it lies in.
    struct Missing {
        std::uint64_t count = 0, from_ns = 0, to_ns = 0;
    };
    /// Since the last call. `all`: also what may still come, because nothing comes any more.
    Missing take_missing(std::uint64_t now_ns, bool all = false);

private:
    struct Socket {
        std::uint8_t state, from;  ///< now, and before
        std::uint32_t netns;
        std::uint64_t last_ns;
        bool absent = false;
    };
    /// The records that lead from one state (0: none, it began) to another have not come.
    struct Hole {
        std::uint8_t from, to;
        std::uint64_t from_ns, to_ns, seen_ns;
    };
    void change(const tw_head&, const tw_state&, std::uint64_t now_ns);
    bool fills(std::uint64_t cookie, std::uint8_t from, std::uint8_t to);
    void miss(std::uint64_t cookie, std::uint8_t from, std::uint8_t to, std::uint64_t from_ns, std::uint64_t to_ns, std::uint64_t now_ns);
    bool began_unseen(const tw_head&, std::uint8_t state) const;
    void remember(const tw_head&, std::uint8_t from, std::uint8_t state);

    bool every_socket_;
    bool forgot_ = false;  ///< there were more than most_sockets
    std::unordered_map<std::uint64_t, Socket> sockets_;  ///< not closed and no listeners, by cookie
    std::unordered_multimap<std::uint64_t, Hole> holes_;
    std::map<std::uint32_t, std::uint64_t> read_ns_;
};

}  // namespace tcpwitness
