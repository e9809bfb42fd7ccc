// Finds connections by what they have gone through, and by their ends, so that no rule walks all of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "correlate/connection.h"

namespace tcpwitness {

struct Story;

/// What can be asked for besides the signs: the upper half of one word with them.
namespace trait {
inline constexpr std::uint64_t
    listener = 1ull << 32,
    unopened = 1ull << 33,   ///< nobody saw it become established, and it was not there before
    failed = 1ull << 34,     ///< its application got an errno, or would get one
    opened_late = 1ull << 35,  ///< its handshake took late_ns or longer
    captured = 1ull << 36,   ///< a capture tells about it
    packets_kept = 1ull << 37;  ///< the same, and packets of it are among its events
inline constexpr std::uint64_t late_ns = 900'000'000;
}
std::uint64_t traits_of(const Connection&);  ///< its signs among them

/// The signs that an open connection in good health has: it is not listed by them, so that asking costs what is in trouble and what is over.
inline constexpr std::uint64_t healthy = sign::syn_out | sign::syn_in | sign::syn_ack_out | sign::syn_ack_in | sign::connect_called | sign::syn_sent | sign::established;

/// By what one looks a connection up.
enum class By : std::uint8_t { flow, peer_address, local_port, listener, process };
inline constexpr std::size_t ways_to_look_up = 5;

struct AddressHash {
    std::size_t operator()(const Address& address) const noexcept { return FlowHash{}({{address, 0}, {}}); }
};

/// Each part is made when it is first asked for; from then on the correlator keeps it up to date. A copy begins anew.
class ConnectionIndex {
public:
    struct Listed {
        ConnectionId id;
        std::uint64_t traits;
    };

    ConnectionIndex() = default;
    ConnectionIndex(const ConnectionIndex&) {}
    ConnectionIndex(ConnectionIndex&&) noexcept {}
    ConnectionIndex& operator=(const ConnectionIndex&);

    /// Ascending by id: those with a trait other than the healthy ones.
    std::span<const Listed> listed(const Story&);
    /// Ascending by id. Some may have another key by now: whoever asks compares.
    std::vector<ConnectionId> under(const Story&, By, std::uint64_t key);
    /// The witnesses of which a connection has this address as its own.
    std::vector<WitnessId> witnesses_of(const Story&, const Address&);

    /// These have changed, or are new.
    void retake(const Story&, std::vector<ConnectionId>);
    void forget(const std::unordered_set<ConnectionId>&);

private:
    using Lists = std::unordered_map<std::uint64_t, std::vector<ConnectionId>>;
    struct Keyed {
        bool made = false;
        std::size_t entries = 0;
        Lists lists;
        void take(const Connection&, By);
    };
    void take_address(const Connection&);

    std::mutex making_;  ///< rules ask from several threads; changes come from one, while none asks
    bool listing_made_ = false, addresses_made_ = false;
    std::vector<Listed> listed_;
    std::array<Keyed, ways_to_look_up> keyed_;
    std::unordered_map<Address, std::vector<WitnessId>, AddressHash> addresses_;
    std::size_t forgotten_ = 0;  ///< since the addresses were made
};

std::uint64_t key_of(WitnessId, const Address&);
std::uint64_t key_of(WitnessId, std::uint32_t port_or_pid);
std::uint64_t key_of(WitnessId, std::uint32_t pid, std::uint16_t peer_port, Address::Family);

/// The connections of a story that have one trait at least: for (const Connection& c : story.with(sign::rst_in)).
class ConnectionsWith {
public:
    class Iterator {
    public:
        using difference_type = std::ptrdiff_t;
        using value_type = Connection;
        Iterator() = default;
        Iterator(const ConnectionsWith* of, std::size_t at) : of_(of), at_(at) { skip(); }
        const Connection& operator*() const;
        Iterator& operator++() {
            ++at_;
            skip();
            return *this;
        }
        Iterator operator++(int) {
            Iterator before = *this;
            ++*this;
            return before;
        }
        bool operator==(const Iterator& other) const { return at_ == other.at_; }

    private:
        void skip() {
            while (at_ < of_->listed_.size() && !(of_->listed_[at_].traits & of_->any_of_)) ++at_;
        }
        const ConnectionsWith* of_ = nullptr;
        std::size_t at_ = 0;
    };
    ConnectionsWith(const Story& story, std::span<const ConnectionIndex::Listed> listed, std::uint64_t any_of) : story_(&story), listed_(listed), any_of_(any_of) {}
    Iterator begin() const { return {this, 0}; }
    Iterator end() const { return {this, listed_.size()}; }

private:
    const Story* story_;
    std::span<const ConnectionIndex::Listed> listed_;
    std::uint64_t any_of_;
};

}  // namespace tcpwitness
