#include "parsers/windows_sockets.h"

#include <utility>

namespace tcpwitness::windows {

namespace {

constexpr std::size_t most_kept = 1u << 20;      // of each table: a trace with more has lost what came first
constexpr std::size_t most_connecting = 4096;
constexpr std::uint64_t connect_takes_ns = 120'000'000'000;  // a non-blocking connect() is over for AFD long before it is for TCP
constexpr std::size_t longest_name = 64;

/// Keeps a table of what is still looked for from growing with the file.
template <typename Table>
void keep_small(Table& table) {
    if (table.size() >= most_kept) table.clear();
}

bool may_be(const Endpoint& one, const Endpoint& other) {
    if (one.port && other.port && one.port != other.port) return false;
    return one.address.unspecified() || other.address.unspecified() || one.address == other.address;
}

void fill(Endpoint& known, const Endpoint& news) {
    if (known.address.unspecified() && news.address.family != Address::Family::none) known.address = news.address;
    if (!known.port) known.port = news.port;
}

}  // namespace

Event& Sockets::emit(std::uint64_t time_ns, LifeId life, EventBody body) {
    Event& event = events_.room().emplace_back();
    event.time_ns = time_ns;
    event.cookie = life;
    event.flow = lives_[life].flow;
    event.body = std::move(body);
    ++emitted_;
    return event;
}

LifeId Sockets::new_life() {
    const auto id = static_cast<LifeId>(lives_.size());
    lives_.push_back({id, {}});
    return id;
}

LifeId Sockets::root(LifeId life) {
    while (lives_[life].parent != life) life = lives_[life].parent = lives_[lives_[life].parent].parent;
    return life;
}

void Sockets::same(LifeId one, LifeId other) {
    if (!one || !other) return;
    one = root(one);
    other = root(other);
    if (one > other) std::swap(one, other);
    lives_[other].parent = one;
}

std::uint64_t Sockets::cookie(LifeId life) { return life ? root(life) : 0; }

Tcb& Sockets::tcb(std::uint64_t pointer) {
    const auto known = tcbs_.find(pointer);
    return known == tcbs_.end() ? new_tcb(pointer) : known->second;
}

Tcb& Sockets::new_tcb(std::uint64_t pointer) {
    keep_small(tcbs_);
    Tcb& fresh = tcbs_[pointer] = {};
    fresh.life = new_life();
    return fresh;
}

AfdEndpoint& Sockets::endpoint(std::uint64_t pointer) {
    const auto known = endpoints_.find(pointer);
    return known == endpoints_.end() ? new_endpoint(pointer) : known->second;
}

AfdEndpoint& Sockets::new_endpoint(std::uint64_t pointer) {
    keep_small(endpoints_);
    AfdEndpoint& fresh = endpoints_[pointer] = {};
    fresh.life = new_life();
    return fresh;
}

void Sockets::learn(Tcb& tcb, std::uint64_t pointer, const Flow& news, std::uint32_t pid, std::uint64_t time_ns) {
    Flow& known = flow(tcb.life);
    fill(known.local, news.local);
    fill(known.peer, news.peer);
    if (pid && !tcb.pid) tcb.pid = pid;
    if (!tcb.joined) join(tcb, pointer, pid, time_ns);
}

/// The last connect() of that process to that peer that has no TCB yet. The pid of a line's context is a hint that may be wrong, so it only
/// decides between endpoints where the peer's address does not.
void Sockets::join(Tcb& tcb, std::uint64_t pointer, std::uint32_t pid, std::uint64_t time_ns) {
    if (tcb.passive) {
        if (flow(tcb.life).peer.port) {
            keep_small(passive_by_peer_);
            passive_by_peer_[flow(tcb.life).peer] = pointer;
        }
        return;
    }
    const Flow& known = flow(tcb.life);
    const bool peer_known = known.peer.port != 0;
    for (const bool same_process : {true, false}) {
        if (!same_process && !peer_known) return;
        for (auto one = connecting_.rbegin(); one != connecting_.rend(); ++one) {
            const auto found = endpoints_.find(one->endpoint);
            if (found == endpoints_.end() || found->second.life != one->life || one->time_ns + connect_takes_ns < time_ns) continue;
            AfdEndpoint& endpoint = found->second;
            if (same_process && endpoint.pid != (tcb.pid ? tcb.pid : pid)) continue;
            if (!same_process && tcb.pid && endpoint.pid) continue;
            if (!may_be(flow(endpoint.life).peer, known.peer) || !may_be(flow(endpoint.life).local, known.local)) continue;
            connecting_.erase(std::next(one).base());
            return join(tcb, pointer, endpoint);
        }
    }
}

void Sockets::join(Tcb& tcb, std::uint64_t tcb_pointer, AfdEndpoint& endpoint) {
    same(tcb.life, endpoint.life);
    tcb.joined = true;
    endpoint.tcb = tcb_pointer;
    if (!tcb.pid) tcb.pid = endpoint.pid;
    fill(flow(tcb.life).peer, flow(endpoint.life).peer);
}

void Sockets::connecting(std::uint64_t pointer, std::uint64_t time_ns) {
    if (connecting_.size() >= most_connecting) connecting_.pop_front();
    connecting_.push_back({pointer, time_ns, endpoint(pointer).life});
}

void Sockets::accepted(AfdEndpoint& endpoint, const Endpoint& peer) {
    const auto found = passive_by_peer_.find(peer);
    if (found == passive_by_peer_.end()) return;
    const auto known = tcbs_.find(found->second);
    if (known != tcbs_.end() && flow(known->second.life).peer == peer && !known->second.joined) join(known->second, found->second, endpoint);
    passive_by_peer_.erase(found);
}

void Sockets::bound(std::uint64_t pointer, const Endpoint& local) {
    keep_small(bound_);
    bound_[local] = pointer;
}

AfdEndpoint* Sockets::bound_to(const Endpoint& local) {
    const auto found = bound_.find(local);
    if (found == bound_.end()) return nullptr;
    const auto known = endpoints_.find(found->second);
    return known == endpoints_.end() ? nullptr : &known->second;
}

Task Sockets::task(std::uint32_t pid, std::uint32_t tid) const {
    Task task;
    task.pid = pid;
    task.tid = tid ? tid : pid;
    if (const auto name = names_.find(pid); name != names_.end()) task.comm = name->second;
    return task;
}

void Sockets::learn_name(std::uint32_t pid, std::string_view name) {
    if (!pid || name.empty() || names_.contains(pid)) return;
    keep_small(names_);
    names_.emplace(pid, name.substr(0, longest_name));
}

void Sockets::learn_process(std::uint64_t pointer, std::uint32_t pid) {
    keep_small(processes_);
    if (pid) processes_[pointer] = pid;
}

std::uint32_t Sockets::pid_of(std::uint64_t pointer) const {
    const auto known = processes_.find(pointer);
    return known == processes_.end() ? 0 : known->second;
}

void Sockets::learn_isn(std::uint32_t isn, std::uint64_t tcb_pointer) {
    keep_small(isns_);
    isns_[isn] = tcb_pointer;
}

std::uint64_t Sockets::tcb_of_isn(std::uint32_t isn) const {
    const auto known = isns_.find(isn);
    return known == isns_.end() ? 0 : known->second;
}

}  // namespace tcpwitness::windows
