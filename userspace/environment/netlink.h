// Questions to the kernel over netlink, in the network namespace of the thread that opens it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace tcpwitness {

class Netlink {
public:
    /// NETLINK_ROUTE, NETLINK_NETFILTER.
    static Result<Netlink> open(int protocol);

    /// Gets every message of an answer: its type and what follows its header. False: no more are wanted.
    using Take = std::function<bool(std::uint16_t type, std::string_view message)>;

    /// All objects of a kind. `request` is the kind's own header, and attributes that choose.
    Status dump(std::uint16_t type, std::string_view request, const Take& take);
    /// One object.
    Status ask(std::uint16_t type, std::string_view request, const Take& take);
    /// The errno that the kernel answered the last question with; 0: it had no objection.
    int refused_with() const { return refused_with_; }

private:
    Netlink(Fd socket, int protocol) : socket_(std::move(socket)), protocol_(protocol) {}
    Status talk(std::uint16_t type, std::uint16_t flags, std::string_view request, const Take& take);

    Fd socket_;
    int protocol_;
    std::uint32_t sequence_ = 0;
    int refused_with_ = 0;
};

template <typename Header>
std::string_view bytes_of(const Header& header) {
    return {reinterpret_cast<const char*>(&header), sizeof header};
}

}  // namespace tcpwitness
