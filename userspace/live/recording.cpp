#include "live/recording.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "live/kernel.h"
#include "live/metadata.h"

namespace tcpwitness {
namespace {

constexpr int drain_ms = 20;  // how long records wait in the ring when it does not fill
constexpr std::uint64_t linger_ns = 200'000'000;  // what a command leaves to the softirq: FINs, resets, destroyed sockets

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    return set;
}

}  // namespace

StopSignals::StopSignals() {
    const sigset_t set = stop_signals();
    sigprocmask(SIG_BLOCK, &set, nullptr);
    fd_ = Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

StopSignals::~StopSignals() {
    const sigset_t set = stop_signals();
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

int StopSignals::take() const {
    signalfd_siginfo info{};
    return read(fd_.get(), &info, sizeof(info)) == sizeof(info) ? static_cast<int>(info.ssi_signo) : 0;
}

Result<std::string> collect(Collector& collector, const StopConditions& stop, const StopSignals& signals) {
    const std::uint64_t started = boot_clock_ns();
    std::optional<std::uint64_t> end;
    if (stop.duration_ns) end = started + *stop.duration_ns;
    if (stop.until_wall_ns) {
        const std::uint64_t wall_now = started + boot_to_wall_ns();
        const std::uint64_t left = *stop.until_wall_ns > wall_now ? *stop.until_wall_ns - wall_now : 0;
        end = std::min(end.value_or(UINT64_MAX), started + left);
    }
    std::string reason = "duration";
    bool command_ended = false;
    while (true) {
        pollfd waits[] = {{collector.wake_fd(), POLLIN, 0},
                          {signals.fd(), POLLIN, 0},
                          {stop.command && !command_ended ? stop.command->pidfd() : -1, POLLIN, 0}};
        poll(waits, 3, drain_ms);
        if (const Status drained = collector.drain(); !drained) return drained.error();
        if (signals.take()) return std::string(command_ended ? "command ended" : "interrupted");
        const std::uint64_t now = boot_clock_ns();
        if (stop.command && !command_ended && stop.command->ended()) {
            command_ended = true;
            reason = "command ended";
            end = std::min(end.value_or(UINT64_MAX), now + linger_ns);
        }
        if (end && now >= *end) return reason;
    }
}

Status finish(LoadedProbes& probes, Collector& collector, RecordSink& sink, const std::string& reason) {
    collector.look_at_queues();
    collector.call_roll();
    collector.stop();
    Status drained = collector.drain();
    collector.unfinished_calls();
    probes.detach();
    if (drained) drained = collector.drain();  // what a program was still writing
    collector.last_look();
    collector.settle();
    final_metadata(sink, collector, probes, reason);
    Status flushed = sink.tick(boot_clock_ns());
    return drained ? flushed : drained;
}

}  // namespace tcpwitness
