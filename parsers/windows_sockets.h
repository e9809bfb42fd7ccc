// Who is who in a Windows trace: AFD knows endpoints, TCPIP knows connections (TCBs), by pointers that have nothing to do with each other
// and that are used again. What belongs to one socket gets one cookie.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/event.h"
#include "parsers/event_store.h"

namespace tcpwitness::windows {

/// One life of an AFD endpoint or of a TCB, until it is known to be the same socket as another: index in Sockets.
using LifeId = std::uint32_t;

/// A TCB.
struct Tcb {
    LifeId life = 0;
    std::uint32_t pid = 0;
    TcpState state{};
    bool passive = false;        ///< the peer began it
    bool half_open = false;      ///< SYN received, not established yet: no socket on other systems
    bool probing = false;        ///< its retransmit timer sends zero-window probes
    bool joined = false;         ///< its AFD endpoint is known
    bool close_issued = false;   ///< its AFD endpoint is closed: gone when it is closed too
    bool destroyed = false;
    std::uint32_t scheduled_ms = 0, rounds = 0, keepalives = 0;
    std::uint64_t again_ns = 0, reset_ns = 0;
    Event* syn = nullptr;        ///< its change to SYN_SENT, until the SYN's number is known
    Event* again = nullptr;      ///< its last retransmission
    Event* error = nullptr;
    Event* reset = nullptr;      ///< the RST that it sent
};

/// An AFD endpoint.
struct AfdEndpoint {
    LifeId life = 0;
    std::uint32_t pid = 0;
    bool stream = true;          ///< false: not TCP, not of interest
    std::uint32_t backlog = 0;
    std::uint64_t tcb = 0;       ///< its TCB, once that is known
    std::uint64_t entered_ns[8] = {};  ///< by Call::Op: when the call began that is not over yet; 0 = none
};

class Sockets {
public:
    explicit Sockets(EventStore& events) : events_(events) {}

    /// A new event of this life; its place stays.
    Event& emit(std::uint64_t time_ns, LifeId, EventBody);
    std::size_t emitted() const { return emitted_; }

    LifeId new_life();
    Flow& flow(LifeId life) { return lives_[life].flow; }
    void same(LifeId, LifeId);                       ///< both are one socket
    std::uint64_t cookie(LifeId);                    ///< of the socket that the life belongs to; 0 for none

    Tcb& tcb(std::uint64_t pointer);                 ///< made anew where it is not known
    Tcb& new_tcb(std::uint64_t pointer);             ///< the pointer stands for another connection from now on
    AfdEndpoint& endpoint(std::uint64_t pointer);
    AfdEndpoint& new_endpoint(std::uint64_t pointer);

    /// What a line tells about a connection's addresses and process, and which endpoint it is therefore.
    void learn(Tcb&, std::uint64_t pointer, const Flow&, std::uint32_t pid, std::uint64_t time_ns);
    /// connect() was called; its TCB comes next.
    void connecting(std::uint64_t endpoint_pointer, std::uint64_t time_ns);
    /// accept() handed out the connection with this peer.
    void accepted(AfdEndpoint&, const Endpoint& peer);
    void bound(std::uint64_t endpoint_pointer, const Endpoint& local);
    AfdEndpoint* bound_to(const Endpoint& local);

    Task task(std::uint32_t pid, std::uint32_t tid = 0) const;
    void learn_name(std::uint32_t pid, std::string_view name);
    void learn_process(std::uint64_t process_pointer, std::uint32_t pid);
    std::uint32_t pid_of(std::uint64_t process_pointer) const;  ///< 0 = not known

    /// An outgoing SYN's number, and the connection that it therefore belongs to.
    void learn_isn(std::uint32_t isn, std::uint64_t tcb_pointer);
    std::uint64_t tcb_of_isn(std::uint32_t isn) const;

private:
    struct Life {
        LifeId parent = 0;
        Flow flow;
    };
    struct Connecting {
        std::uint64_t endpoint = 0, time_ns = 0;
        LifeId life = 0;  ///< the pointer may have been given to another endpoint since
    };
    LifeId root(LifeId);
    void join(Tcb&, std::uint64_t pointer, std::uint32_t pid, std::uint64_t time_ns);
    void join(Tcb&, std::uint64_t tcb_pointer, AfdEndpoint&);

    EventStore& events_;
    std::size_t emitted_ = 0;
    std::vector<Life> lives_{1};  ///< 0 = none
    std::unordered_map<std::uint64_t, Tcb> tcbs_;
    std::unordered_map<std::uint64_t, AfdEndpoint> endpoints_;
    std::deque<Connecting> connecting_;
    std::map<Endpoint, std::uint64_t> passive_by_peer_;  ///< TCBs that came in
    std::map<Endpoint, std::uint64_t> bound_;
    std::unordered_map<std::uint32_t, std::string> names_;
    std::unordered_map<std::uint64_t, std::uint32_t> processes_;
    std::unordered_map<std::uint32_t, std::uint64_t> isns_;
};

}  // namespace tcpwitness::windows
