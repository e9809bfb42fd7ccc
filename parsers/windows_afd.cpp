#include "parsers/windows_afd.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "parsers/windows_values.h"

namespace tcpwitness::windows {

/// "connect: 1 (0x1): Process 0x..., Endpoint 0x..., Address A:P, Seq 5024 (0x13A0), Status 0xC00000B5 - STATUS_IO_TIMEOUT"
struct Afd::Said {
    Call::Op op{};
    bool closes = false;
    bool exit = false;
    std::uint64_t pointer = 0;      ///< the endpoint
    std::uint32_t pid = 0, tid = 0;
    std::uint16_t cpu = 0;
    std::string_view text;
    Status result;
};

namespace {

struct Word {
    std::string_view name;
    Call::Op op;
};

constexpr Word words[] = {
    {"socket", Call::Op::socket},       {"bind", Call::Op::bind},       {"listen", Call::Op::listen},     {"Listen", Call::Op::listen},
    {"connect", Call::Op::connect},     {"ConnectEx", Call::Op::connect}, {"accept", Call::Op::accept},   {"AcceptEx", Call::Op::accept},
    {"shutdown", Call::Op::shutdown},
};

constexpr std::string_view closing[] = {"closesocket", "socket cleanup"};

std::int32_t how(std::string_view text) {
    static constexpr Words before[] = {"How ", "Type "};
    for (const Words& key : before)
        if (const auto told = number_after(text, key); told && *told <= 2) return static_cast<std::int32_t>(*told);
    return -1;
}

}  // namespace

bool Afd::take(const Line& line, std::uint64_t time_ns) {
    Said said;
    said.text = line.body;
    const auto colon = said.text.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view verb = said.text.substr(0, colon);
    said.closes = std::find(std::begin(closing), std::end(closing), verb) != std::end(closing);
    const auto* const word = std::find_if(std::begin(words), std::end(words), [&](const Word& one) { return one.name == verb; });
    if (!said.closes && word == std::end(words)) return false;
    if (!said.closes) said.op = word->op;
    const auto phase = number(skip_blanks(said.text.substr(colon + 1)));
    const auto endpoint = number_after(said.text, ", Endpoint ");
    if (!phase || *phase > 1 || !endpoint) return false;
    said.exit = *phase == 1;
    said.pointer = *endpoint;
    said.cpu = line.cpu;
    if (const auto told = after(said.text, "Status ")) said.result = status(*told);

    // "Process 0x0000000007AE3060 (0x00000000000005E0)": the second is the pid, which only socket() tells. A call is entered in its process.
    const auto process = after(said.text, "Process ");
    const auto pointer = process ? number(*process) : std::nullopt;
    if (pointer) {
        const auto behind = process->substr(0, process->find(','));
        const auto open = behind.find('(');
        const auto pid = open == std::string_view::npos ? std::nullopt : number(behind.substr(open + 1));
        if (pid && said.op == Call::Op::socket && !said.closes)
            sockets_.learn_process(*pointer, static_cast<std::uint32_t>(*pid));
        else if (!said.exit && line.pid && !sockets_.pid_of(*pointer))
            sockets_.learn_process(*pointer, line.pid);
        said.pid = sockets_.pid_of(*pointer);
    }
    if (!said.pid && !said.exit) said.pid = line.pid;
    if (said.pid == line.pid) said.tid = line.tid;

    if (said.closes)
        close(said, time_ns);
    else if (said.exit)
        leave(said, time_ns);
    else
        enter(said, time_ns);
    return true;
}

void Afd::emit(const Said& said, LifeId life, Call call, std::uint64_t time_ns) {
    call.op = said.op;
    call.phase = said.exit ? Call::Phase::exit : Call::Phase::enter;
    const AfdEndpoint& endpoint = sockets_.endpoint(said.pointer);
    call.task = sockets_.task(said.pid ? said.pid : endpoint.pid, said.tid);
    Event& event = sockets_.emit(time_ns, life, std::move(call));
    event.cpu = said.cpu;
}

void Afd::enter(const Said& said, std::uint64_t time_ns) {
    if (said.op == Call::Op::socket) {
        AfdEndpoint& fresh = sockets_.new_endpoint(said.pointer);
        fresh.pid = said.pid;
        fresh.stream = said.text.find("SOCK_DGRAM") == std::string_view::npos && said.text.find("SOCK_RAW") == std::string_view::npos;
        if (const auto protocol = number_after(said.text, "Protocol "); protocol && *protocol != 6 && *protocol != 0) fresh.stream = false;
        fresh.entered_ns[static_cast<std::size_t>(Call::Op::socket)] = time_ns;
        return;
    }
    AfdEndpoint& endpoint = sockets_.endpoint(said.pointer);
    if (!endpoint.pid) endpoint.pid = said.pid;
    if (!endpoint.stream) return;
    endpoint.entered_ns[static_cast<std::size_t>(said.op)] = time_ns;
    Call call;
    Flow& known = sockets_.flow(endpoint.life);
    const auto address = endpoint_after(said.text, "Address ");
    switch (said.op) {
        case Call::Op::bind:
            if (address) {
                known.local = *address;
                sockets_.bound(said.pointer, *address);
                packets_.is_local(address->address);
            }
            break;
        case Call::Op::connect:
            if (address) {
                known.peer = *address;
                packets_.is_peer(address->address);
            }
            sockets_.connecting(said.pointer, time_ns);
            break;
        case Call::Op::listen:
            endpoint.backlog = static_cast<std::uint32_t>(number_after(said.text, "Backlog ").value_or(0));
            call.argument = static_cast<std::int32_t>(std::min<std::uint32_t>(endpoint.backlog, INT32_MAX));
            break;
        case Call::Op::accept: call.listener_cookie = endpoint.life; break;
        case Call::Op::shutdown: call.argument = how(said.text); break;
        case Call::Op::socket: break;
    }
    emit(said, endpoint.life, std::move(call), time_ns);
}

void Afd::leave(const Said& said, std::uint64_t time_ns) {
    AfdEndpoint& endpoint = sockets_.endpoint(said.pointer);
    if (!endpoint.pid) endpoint.pid = said.pid;
    if (!endpoint.stream) return;
    LifeId life = endpoint.life;
    Call call;
    const std::uint64_t entered = std::exchange(endpoint.entered_ns[static_cast<std::size_t>(said.op)], 0);
    if (entered && entered < time_ns) call.took_ns = time_ns - entered;
    call.ret = -said.result.error;
    call.status = said.result.text;
    if (said.op == Call::Op::listen) call.argument = static_cast<std::int32_t>(std::min<std::uint32_t>(endpoint.backlog, INT32_MAX));
    if (said.op == Call::Op::shutdown) call.argument = how(said.text);
    if (said.op == Call::Op::connect && said.result.pending()) call.nonblocking = true;
    if (said.op == Call::Op::accept) {
        call.listener_cookie = endpoint.life;
        const auto peer = endpoint_after(said.text, "Address ");
        const auto fresh = number_after(said.text, "Accept Endpoint ");
        if (!said.result.error && (!fresh || !peer)) return;  // it waits from now on
        if (!said.result.error) {
            const Endpoint local = sockets_.flow(endpoint.life).local;
            const std::uint32_t pid = endpoint.pid;
            AfdEndpoint& accepted = sockets_.endpoint(*fresh);
            accepted.pid = pid;
            life = accepted.life;
            sockets_.flow(life) = {local, *peer};
            packets_.is_peer(peer->address);
            sockets_.accepted(accepted, *peer);
        }
    }
    emit(said, life, std::move(call), time_ns);
}

/// closesocket() and, when the process ends, the cleanup of what it left open. TCP may have more to do for the connection.
void Afd::close(const Said& said, std::uint64_t time_ns) {
    AfdEndpoint& endpoint = sockets_.endpoint(said.pointer);
    if (!endpoint.stream || !said.exit) return;
    if (endpoint.tcb) {
        Tcb& tcb = sockets_.tcb(endpoint.tcb);
        if (sockets_.cookie(tcb.life) == sockets_.cookie(endpoint.life) && tcb.state != TcpState::close) {
            tcb.close_issued = true;
            return;
        }
        if (std::exchange(tcb.destroyed, true)) return;
    }
    Destroy gone;
    gone.totals_told = false;
    sockets_.emit(time_ns, endpoint.life, gone);
    sockets_.new_endpoint(said.pointer);
}

}  // namespace tcpwitness::windows
