#include "cli/demo_net.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "live/namespaces.h"

namespace tcpwitness {
namespace {

/// What a device in the middle does to the handshake. A `}` must stand on its own line for nft.
constexpr const char* middlebox = R"(
table inet demo {
    chain forward {
        type filter hook forward priority 0;
        tcp sport 5061 tcp flags & (syn|ack) == (syn|ack) reject with tcp reset
    }
}
)";

void die_with_parent(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
}

std::string read_all(int fd) {
    std::string text;
    char chunk[4096];
    for (ssize_t size; (size = read(fd, chunk, sizeof(chunk))) > 0;) text.append(chunk, static_cast<std::size_t>(size));
    return text;
}

}  // namespace

Result<DemoHost> DemoHost::start(const std::string& name) {
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0) return Error{std::string("pipe: ") + std::strerror(errno)};
    Fd ready_read(ready[0]), ready_write(ready[1]);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) return Error{std::string("fork: ") + std::strerror(errno)};
    if (pid == 0) {
        die_with_parent(parent);
        const int error = unshare(CLONE_NEWNET) == 0 ? 0 : errno;
        (void)!write(ready_write.get(), &error, sizeof(error));
        ready_write.reset();
        if (error) _exit(1);
        while (true) pause();
    }
    DemoHost host;
    host.name_ = name;
    host.pid_ = pid;
    int error = EIO;
    if (read(ready_read.get(), &error, sizeof(error)) != sizeof(error) || error)
        return Error{std::string("a network namespace cannot be made: ") + std::strerror(error) + "; run it with sudo"};
    const std::string path = "/proc/" + std::to_string(pid) + "/ns/net";
    host.file_ = Fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    host.netns_ = namespace_inum(path);
    return host;
}

DemoHost::DemoHost(DemoHost&& other) noexcept
    : name_(std::move(other.name_)), pid_(std::exchange(other.pid_, -1)), netns_(other.netns_), file_(std::move(other.file_)) {}

DemoHost::~DemoHost() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

bool DemoHost::enter() const { return setns(file_.get(), CLONE_NEWNET) == 0; }

Result<pid_t> DemoHost::spawn(const std::function<int()>& work) const {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) return Error{std::string("fork: ") + std::strerror(errno)};
    if (pid == 0) {
        die_with_parent(parent);
        _exit(enter() ? work() : 1);
    }
    return pid;
}

Status DemoHost::run(const std::vector<std::string>& command, const std::string& input) const {
    int in[2], err[2];
    if (pipe2(in, O_CLOEXEC) != 0) return Error{std::string("pipe: ") + std::strerror(errno)};
    Fd in_read(in[0]), in_write(in[1]);
    if (pipe2(err, O_CLOEXEC) != 0) return Error{std::string("pipe: ") + std::strerror(errno)};
    Fd err_read(err[0]), err_write(err[1]);
    const auto pid = spawn([&] {
        dup2(in_read.get(), STDIN_FILENO);
        dup2(err_write.get(), STDERR_FILENO);
        std::vector<char*> arguments;
        for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        execvp(arguments[0], arguments.data());
        return 127;
    });
    if (!pid) return pid.error();
    in_read.reset();
    err_write.reset();
    write_all(in_write.get(), input.data(), input.size());
    in_write.reset();
    const std::string said = read_all(err_read.get());
    int status = 0;
    waitpid(*pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return success();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return Error{"the demo needs the program " + command[0] + ": apt-get install iproute2 nftables"};
    return Error{command[0] + " failed in " + name_ + ": " + printable(trim(said))};
}

Status DemoHost::sysctl(const std::string& name, const std::string& value) const {
    std::string path = "/proc/sys/" + name;
    for (char& c : path)
        if (c == '.') c = '/';
    bool written = false;
    in_namespace(file_, [&] {
        const Fd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
        written = fd && write_all(fd.get(), value.data(), value.size());
    });
    if (!written) return Error{"sysctl " + name + " cannot be set in " + name_};
    return success();
}

Result<DemoNet> DemoNet::build() {
    auto edge = DemoHost::start("edge");
    if (!edge) return edge.error();
    auto mid = DemoHost::start("mid");
    if (!mid) return mid.error();
    auto fe = DemoHost::start("fe");
    if (!fe) return fe.error();

    const auto link = [&](const DemoHost& host, const std::string& name, const std::string& address, const std::string& gateway) -> Status {
        const std::vector<std::pair<const DemoHost*, std::vector<std::string>>> steps = {
            {&*mid, {"ip", "link", "add", "eth-" + name, "type", "veth", "peer", "name", "eth0", "netns", std::to_string(host.pid())}},
            {&*mid, {"ip", "addr", "add", gateway + "/24", "dev", "eth-" + name}},
            {&*mid, {"ip", "link", "set", "eth-" + name, "up"}},
            {&host, {"ip", "addr", "add", address + "/24", "dev", "eth0"}},
            {&host, {"ip", "link", "set", "eth0", "up"}},
            {&host, {"ip", "route", "add", "default", "via", gateway}},
        };
        for (const auto& [where, command] : steps)
            if (Status done = where->run(command); !done) return done;
        return success();
    };
    if (Status done = link(*edge, "edge", edge_address, "10.0.1.1"); !done) return done.error();
    if (Status done = link(*fe, "fe", fe_address, "10.0.2.1"); !done) return done.error();
    if (Status done = mid->sysctl("net.ipv4.ip_forward", "1"); !done) return done.error();
    if (Status done = mid->run({"nft", "-f", "-"}, middlebox); !done) return done.error();
    if (Status done = edge->sysctl("net.ipv4.tcp_syn_retries", "2"); !done) return done.error();
    return DemoNet{std::move(*edge), std::move(*mid), std::move(*fe)};
}

std::map<std::uint32_t, std::string> DemoNet::names() const {
    return {{edge.netns(), "edge"}, {mid.netns(), "mid"}, {fe.netns(), "fe"}};
}

}  // namespace tcpwitness
