#include "live/undecided.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "live/record_flow.h"

namespace tcpwitness {

namespace {

constexpr std::uint8_t listening = 10, syn_sent = 2;  // kernel numbers
constexpr int either = static_cast<int>(Side::either), local = static_cast<int>(Side::local), peer = static_cast<int>(Side::peer);

/// Where the kinds whose record names the process keep it; 0: they do not.
std::uint32_t pid_of(const tw_head& head, const void* data) {
    std::size_t at = 0;
    switch (head.kind) {
        case TW_CALL: at = offsetof(tw_call, task); break;
        case TW_SNAPSHOT: at = offsetof(tw_snapshot, task); break;
        case TW_RESET_OUT: at = offsetof(tw_reset_out, task); break;
        case TW_QUEUE: at = offsetof(tw_queue, task); break;
        case TW_ROUTE: at = offsetof(tw_route, task); break;
        case TW_PROCESS_EXIT: at = offsetof(tw_process_exit, task); break;
        case TW_OPTION: at = offsetof(tw_option, pid); break;
        case TW_STATE:  // of any other change, the current task is whoever the softirq interrupted
            if (head.state != syn_sent && head.state != listening) return 0;
            break;
        default: return 0;
    }
    std::uint32_t pid = 0;
    if (head.size >= sizeof head + at + sizeof pid) std::memcpy(&pid, static_cast<const char*>(data) + sizeof head + at, sizeof pid);
    return pid;
}

bool makes_socket(const tw_head& head, const void* data) {
    if (head.kind != TW_CALL || head.size < sizeof head + sizeof(tw_call)) return false;
    tw_call call;
    std::memcpy(&call, static_cast<const char*>(data) + sizeof head, sizeof call);
    return call.op == TW_CALL_SOCKET;
}

/// A list is met, excluded, or waits for a part of the flow. A part that will never be known does not hold anything up.
struct Lists {
    bool open = false;
    bool failed = false;

    void ports(const std::vector<PortRange>& wanted, std::initializer_list<std::uint16_t> given, bool final) {
        if (wanted.empty()) return;
        bool unknown = false;
        for (const std::uint16_t port : given) {
            if (port && std::any_of(wanted.begin(), wanted.end(), [&](const PortRange& one) { return one.holds(port); })) return;
            unknown = unknown || port == 0;
        }
        (unknown && !final ? open : failed) = true;
    }
    /// A listener on any address may be the one that an address asked for connects to.
    void hosts(const std::vector<Prefix>& wanted, std::initializer_list<Address> given, bool final) {
        if (wanted.empty()) return;
        bool unknown = false;
        for (const Address& address : given) {
            if (!address.unspecified() && std::any_of(wanted.begin(), wanted.end(), [&](const Prefix& one) { return one.holds(address); })) return;
            unknown = unknown || address.unspecified();
        }
        if (unknown && final) return;
        (unknown ? open : failed) = true;
    }
};

}  // namespace

Undecided::Answer Undecided::ask(const tw_head& head, const Flow& flow) const {
    const bool identity = head.cookie || head.socket_id;
    if (!identity && !flow.local.port && !flow.peer.port) return Answer::yes;  // of no socket: a neighbour, a marker, a counter
    // A listener has no peer, and what has no socket will not learn more.
    const bool final = head.state == listening || !identity;
    Lists lists;
    lists.ports(filter_.ports[either], {flow.local.port, flow.peer.port}, final);
    lists.ports(filter_.ports[local], {flow.local.port}, final);
    if (head.state != listening) lists.ports(filter_.ports[peer], {flow.peer.port}, final);
    lists.hosts(filter_.hosts[either], {flow.local.address, flow.peer.address}, final);
    lists.hosts(filter_.hosts[local], {flow.local.address}, final);
    lists.hosts(filter_.hosts[peer], {flow.peer.address}, final);
    return lists.failed ? Answer::no : lists.open ? Answer::unknown : Answer::yes;
}

void Undecided::take(const tw_head& head, const void* data) {
    if (head.kind == TW_PROCESS_EXIT) {
        const bool theirs = pids_.erase(pid_of(head, data)) != 0;
        return theirs ? write(head, data) : withheld_.add(head);
    }
    if (!head.cookie && makes_socket(head, data)) chosen_ids_.erase(head.socket_id);  // a new socket at the address of one that is gone
    switch (ask(head, record_flow(head, data))) {
        case Answer::yes:
            write_waiting(head);
            choose(head);
            write(head, data);
            break;
        case Answer::no:
            if (const Place place = find(head); place != waiting_.end()) drop_waiting(place);
            forget(head);
            withheld_.add(head);
            break;
        case Answer::unknown:
            if (chosen(head)) write(head, data);
            else if (head.kind != TW_DESTROY) return wait(head, data);
            else {
                if (const Place place = find(head); place != waiting_.end()) drop_waiting(place);
                withheld_.add(head);
            }
            break;
    }
    if (head.kind == TW_DESTROY) forget_later(head);
}

Undecided::Place Undecided::find(const tw_head& head) {
    if (head.cookie)
        if (const auto known = by_cookie_.find(head.cookie); known != by_cookie_.end()) return known->second;
    if (head.socket_id)
        if (const auto known = by_socket_id_.find(head.socket_id); known != by_socket_id_.end() && (!head.cookie || !known->second->cookie)) return known->second;
    return waiting_.end();
}

bool Undecided::chosen(const tw_head& head) const {
    return head.cookie ? chosen_cookies_.contains(head.cookie) : head.socket_id && chosen_ids_.contains(head.socket_id);
}

void Undecided::choose(const tw_head& head) {
    if (head.cookie) chosen_cookies_.insert(head.cookie);
    if (head.socket_id) chosen_ids_.insert(head.socket_id);
    if (head.cookie && head.socket_id) id_of_cookie_[head.cookie] = head.socket_id;
}

void Undecided::forget(const tw_head& head) {
    chosen_cookies_.erase(head.cookie);
    chosen_ids_.erase(head.socket_id);
    if (const auto known = id_of_cookie_.find(head.cookie); known != id_of_cookie_.end()) {
        chosen_ids_.erase(known->second);
        id_of_cookie_.erase(known);
    }
}

/// Data that comes after close() destroys the socket, and only then is answered by a RST, whose record lacks the port. The address of a socket may
/// be another one's at once; a cookie never is.
void Undecided::forget_later(const tw_head& head) {
    if (!head.cookie || !chosen_cookies_.contains(head.cookie)) return forget(head);
    if (const auto known = id_of_cookie_.find(head.cookie); known != id_of_cookie_.end()) {
        chosen_ids_.erase(known->second);
        id_of_cookie_.erase(known);
    }
    gone_.push_back(head.cookie);
    if (gone_.size() <= most_gone) return;
    chosen_cookies_.erase(gone_.front());
    gone_.pop_front();
}

void Undecided::wait(const tw_head& head, const void* data) {
    // socket() makes a new socket where one whose end was not seen may have stood.
    if (const Place old = find(head); old != waiting_.end() && makes_socket(head, data)) drop_waiting(old);
    Place place = find(head);
    if (place == waiting_.end()) place = waiting_.emplace(waiting_.end());
    if (head.cookie && !place->cookie) by_cookie_[place->cookie = head.cookie] = place;
    if (head.socket_id && !place->socket_id) by_socket_id_[place->socket_id = head.socket_id] = place;
    place->records.emplace_back(static_cast<const char*>(data), head.size);
    bytes_ += head.size;
    while (bytes_ > most_bytes) {
        overflowed_ += waiting_.front().records.size();
        drop_waiting(waiting_.begin());
    }
}

void Undecided::write_waiting(const tw_head& head) {
    const Place place = find(head);
    if (place == waiting_.end()) return;
    for (const std::string& record : place->records) {
        tw_head early;
        std::memcpy(&early, record.data(), sizeof early);
        choose(early);
        write(early, record.data());
    }
    release(place);
}

void Undecided::drop_waiting(Place place) {
    for (const std::string& record : place->records) {
        tw_head early;
        std::memcpy(&early, record.data(), sizeof early);
        withheld_.add(early);
    }
    release(place);
}

void Undecided::release(Place place) {
    for (const std::string& record : place->records) bytes_ -= record.size();
    if (place->cookie) by_cookie_.erase(place->cookie);
    if (place->socket_id) by_socket_id_.erase(place->socket_id);
    waiting_.erase(place);
}

void Undecided::write(const tw_head& head, const void* data) {
    if (const std::uint32_t pid = head.kind == TW_PROCESS_EXIT ? 0 : pid_of(head, data)) pids_.insert(pid);
    write_(data, head.size);
}

void Undecided::drop_all() {
    while (!waiting_.empty()) drop_waiting(waiting_.begin());
}

}  // namespace tcpwitness
