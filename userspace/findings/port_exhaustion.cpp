#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "port-exhaustion";

enum { refused_by_kernel, held_by_another };
constexpr Proof proofs[] = {
    {"the kernel refused with that error, and the ports in use fill the range", 0},
    {"the kernel refused with that error, and the socket that holds the place is recorded", 0},
};
constexpr std::uint64_t time_wait_ns = 60'000'000'000;

struct Ports {
    std::uint16_t first, last;
    std::size_t size() const { return last - first + 1u; }
    bool holds(std::uint16_t port) const { return port >= first && port <= last; }
};

std::optional<Ports> ephemeral_ports(const Story& story, WitnessId witness) {
    if (witness >= story.witnesses.size()) return std::nullopt;
    const auto& sysctls = story.witnesses[witness].sysctls;
    const auto range = sysctls.find("net.ipv4.ip_local_port_range");
    if (range == sysctls.end()) return std::nullopt;
    const auto parts = split(range->second, ' ');
    const auto first = parse_number<std::uint16_t>(parts.front()), last = parse_number<std::uint16_t>(parts.back());
    if (!first || !last || *first > *last) return std::nullopt;
    return Ports{*first, *last};
}

/// A socket that has its port at that time: open, or in TIME_WAIT because this end closed first.
bool holds_port(const Connection& c, std::uint64_t at_ns) {
    if (c.flow.local.port == 0 || c.begin_ns > at_ns) return false;
    if (c.live() || c.end_ns >= at_ns) return true;
    return c.has(sign::local_closed) && c.both_closed() && c.end_ns + time_wait_ns > at_ns;
}

/// The recordings tell the witness's addresses, and none of them is of that family.
bool without_address(const Story& story, WitnessId id, Address::Family family) {
    const Witness& witness = story.witnesses[id];
    std::vector<Address> addresses = witness.addresses;
    for (const RecordingId recording : witness.recordings)
        if (recording < story.recordings.size())
            for (const Address& one : story.recordings[recording].addresses_of(witness)) addresses.push_back(one);
    return !addresses.empty() && std::none_of(addresses.begin(), addresses.end(), [&](const Address& one) { return one.family == family; });
}

const Event* failed_call(const Connection& c, Call::Op op, std::int32_t error) {
    for (const Event& event : c.events)
        if (const Call* call = event.as<Call>(); call && call->op == op && call->phase == Call::Phase::exit && !call->unfinished && call->ret == -error) return &event;
    return nullptr;
}

bool succeeded_after(const Connection& c, const Event& failure) {
    return std::any_of(c.events.begin(), c.events.end(), [&](const Event& event) {
        const Call* call = event.as<Call>();
        return call && event.time_ns > failure.time_ns && call->op == Call::Op::bind && call->phase == Call::Phase::exit && call->ret == 0;
    });
}

Finding begin(const Story& story, const Connection& c, const Event& failure, const std::string& what) {
    Finding f = about(id, Culprit::local_configuration, Certainty::likely, c, failure.time_ns);
    prove(f, proofs[refused_by_kernel]);
    f.headline = fmt::format("{}{}: {}", who(c), at_place(story, c), what);
    cite(f, &failure);
    return f;
}

Finding no_port_left(const Story& story, const Connection& c, const Event& failure) {
    std::set<std::uint16_t> used;
    std::size_t time_wait = 0;
    const auto range = ephemeral_ports(story, c.witness);
    for (const Connection* other : story.with_peer(c.witness, c.flow.peer.address)) {
        if (other->id == c.id || other->is_listener() || other->flow.peer != c.flow.peer || !holds_port(*other, failure.time_ns)) continue;
        if (range && !range->holds(other->flow.local.port)) continue;
        if (used.insert(other->flow.local.port).second && !other->live()) ++time_wait;
    }
    const std::string to = c.flow.peer.text();
    const Address::Family family = c.flow.peer.address.family;
    const bool no_address = without_address(story, c.witness, family);
    const bool hardly_any = range && used.size() * 2 < range->size();
    Finding f = begin(story, c, failure, fmt::format("connect() to {} failed with EADDRNOTAVAIL: {}", to,
                                                     no_address   ? fmt::format("no device here has an {} address", family == Address::Family::ipv6 ? "IPv6" : "IPv4")
                                                     : hardly_any ? "no local address or no local port was there for it"
                                                                  : "no local port was free for it"));
    if (range) f.reasons.push_back(fmt::format("net.ipv4.ip_local_port_range allows {} ({} to {}); {} to {} were in use, {} of them in TIME_WAIT",
                                               count_text(range->size(), "port", "ports"), range->first, range->last, used.size(), to, time_wait));
    if (no_address) {
        f.certainty = Certainty::likely;
        f.settle = "look at `ip -br address`, and at net.ipv6.conf.*.disable_ipv6";
    } else if (!range || used.size() * 10 < range->size() * 9) {
        f.certainty = Certainty::likely;
        if (hardly_any) f.reasons.push_back("that many do not fill the range: others were made before the recording, or it is the local address that is missing");
        f.settle = fmt::format("count `ss -tan dst {}` while it happens, sockets in TIME-WAIT too", c.flow.peer.address.text());
    }
    f.fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, to);
    return f;
}

/// The tuple that the application chose is taken.
Finding tuple_taken(const Story& story, const Connection& c, const Event& failure) {
    const Flow flow{failure.flow.local.port ? failure.flow.local : c.flow.local, c.flow.peer};
    Finding f = begin(story, c, failure, fmt::format("connect() to {} from port {} failed with EADDRNOTAVAIL: a connection between these two exists already", flow.peer.text(), flow.local.port));
    f.certainty = Certainty::likely;
    f.settle = fmt::format("look at `ss -tanp dst {}` for the connection from port {}", flow.peer.address.text(), flow.local.port);
    for (const Connection* other : story.at_port(c.witness, flow.local.port)) {
        if (other->id == c.id || other->flow.peer != flow.peer || !holds_port(*other, failure.time_ns)) continue;
        prove(f, proofs[held_by_another]);
        f.reasons.push_back(other->live() || other->end_ns >= failure.time_ns ? fmt::format("{} has it open", who(*other)) : fmt::format("that of {} is still in TIME_WAIT", who(*other)));
        break;
    }
    f.fold_key = fmt::format("{}/{}/{}/bound", c.witness, c.owner.comm, flow.peer.text());
    return f;
}

bool overlap(const Address& a, const Address& b) { return a == b || a.unspecified() || b.unspecified(); }

Finding port_taken(const Story& story, const Connection& c, const Event& failure) {
    const Endpoint wanted = failure.flow.local;
    if (wanted.port == 0) {
        Finding f = begin(story, c, failure, "bind() without a port failed with EADDRINUSE: no local port was free");
        if (const auto range = ephemeral_ports(story, c.witness))
            f.reasons.push_back(fmt::format("net.ipv4.ip_local_port_range allows {} ({} to {})", count_text(range->size(), "port", "ports"), range->first, range->last));
        f.fold_key = fmt::format("{}/{}/bind", c.witness, c.owner.comm);
        return f;
    }
    const Connection* holder = nullptr;
    for (const Connection* other : story.at_port(c.witness, wanted.port)) {
        if (other->id == c.id || !overlap(other->flow.local.address, wanted.address) || !holds_port(*other, failure.time_ns)) continue;
        if (!holder || (other->is_listener() && !holder->is_listener())) holder = other;
    }
    const bool listens = holder && holder->is_listener();
    const bool gone = holder && !listens && !holder->live() && holder->end_ns < failure.time_ns;
    Finding f = begin(story, c, failure,
                      fmt::format("bind() to {} failed with EADDRINUSE: {}", wanted.text(),
                                  listens  ? fmt::format("{} listens there", who(*holder))
                                  : gone   ? fmt::format("a connection that {} has closed is still in TIME_WAIT there", who(*holder))
                                  : holder ? fmt::format("{} uses the port", who(*holder))
                                           : "something uses the port already"));
    if (!listens && (gone || !holder)) f.reasons.push_back("a server that sets SO_REUSEADDR before bind() is not kept out by connections in TIME_WAIT");
    if (!holder) f.reasons.push_back("who uses it is not in this recording; `ss -tanp` tells while it is there");
    f.fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, wanted.text());
    return f;
}

Finding no_such_address(const Story& story, const Connection& c, const Event& failure) {
    Finding f = begin(story, c, failure, fmt::format("bind() to {} failed with EADDRNOTAVAIL: no device here has that address", failure.flow.local.text()));
    f.fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, failure.flow.local.text());
    return f;
}

/// What one failed call leads to; nothing where it came to nothing.
const Event* failure_of(const Connection& c) {
    if (c.error == EADDRNOTAVAIL)
        if (const Event* failure = failed_call(c, Call::Op::connect, EADDRNOTAVAIL)) return failure;
    if (!c.has(sign::bind_failed)) return nullptr;
    for (const std::int32_t error : {EADDRINUSE, EADDRNOTAVAIL})
        if (const Event* failure = failed_call(c, Call::Op::bind, error); failure && !succeeded_after(c, *failure)) return failure;
    return nullptr;
}

Finding tell(const Story& story, const Connection& c, const Event& failure) {
    const Call& call = *failure.as<Call>();
    if (call.op == Call::Op::bind) return call.ret == -EADDRINUSE ? port_taken(story, c, failure) : no_such_address(story, c, failure);
    return failed_call(c, Call::Op::bind, 0) && failure.flow.local.port ? tuple_taken(story, c, failure) : no_port_left(story, c, failure);
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    // Thousands may fail alike, and each look at the ports goes through all connections: repeats take over what the first one found.
    std::map<std::tuple<WitnessId, std::string, Call::Op, std::int32_t, Flow>, std::size_t> firsts;
    for (const Connection& c : story.with(trait::failed | sign::bind_failed)) {
        const Event* failure = failure_of(c);
        if (!failure) continue;
        const Call& call = *failure->as<Call>();
        const auto [first, fresh] = firsts.try_emplace({c.witness, c.owner.comm, call.op, call.ret, failure->flow}, found.size());
        if (fresh) {
            found.push_back(tell(story, c, *failure));
            continue;
        }
        Finding again = found[first->second];
        again.connections = {c.id};
        again.evidence.clear();
        again.first_ns = again.last_ns = failure->time_ns;
        cite(again, failure);
        found.push_back(std::move(again));
    }
    return found;
}

}  // namespace

const Rule port_exhaustion = {
    id, "connect() or bind() found no free local port or address",
    "A local address or port that a socket needs is taken: every ephemeral port to one destination is in use (open, or in TIME_WAIT for 60 s after this end closed first), another process listens on the port, or the address is "
    "not this host's.",
    "connect() that fails with EADDRNOTAVAIL, bind() that fails with EADDRINUSE or EADDRNOTAVAIL. The finding compares the ports in use to that destination with net.ipv4.ip_local_port_range, and names the process that holds the "
    "port. A socket that tries another port and gets it is not told.",
    "Not a refusal by the peer: no packet left this host. Ports are counted for each destination address and port: 28,000 connections to one service exhaust them, 28,000 to several do not.",
    "Reuse connections (keep-alive, a pool), let the side that can afford it close first, add destination addresses or ports, or widen net.ipv4.ip_local_port_range; net.ipv4.tcp_tw_reuse=1 lets clients take ports in "
    "TIME_WAIT. For a port that another process has: stop it, or choose another; SO_REUSEADDR lets a server bind beside old connections.",
    find,
    proofs,
};

}  // namespace tcpwitness
