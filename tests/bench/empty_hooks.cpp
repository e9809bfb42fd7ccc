// The least that recording can cost here: a program that returns at once on every hook that `record` attaches by default.
//
//   empty_hooks
//
// Says "attached N" once they are, and stays until SIGINT. What the hooks themselves take, their way into a program and the slow path of
// system calls, is then all that is left.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>

#include <csignal>
#include <cstdio>
#include <iterator>
#include <string>

#include "live/probes.h"
#include "live/tracefs.h"
#include "load.h"

namespace {

using namespace tcpwitness;
using load::check;

int program(bpf_prog_type type, bpf_prog_load_opts& options) {
    const bpf_insn nothing[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
        {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
    };
    const int fd = bpf_prog_load(type, "nothing", "GPL", nothing, std::size(nothing), &options);
    check(fd >= 0, "loading a program");
    return fd;
}

void on_tracepoint(const char* target) {
    LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_RAW_TP);
    const int type = libbpf_find_vmlinux_btf_id(target, BPF_TRACE_RAW_TP);
    check(type > 0, target);
    options.attach_btf_id = static_cast<__u32>(type);
    check(bpf_raw_tracepoint_open(nullptr, program(BPF_PROG_TYPE_TRACING, options)) >= 0, target);
}

void on_system_call(const Tracefs& tracefs, const std::string& event) {
    LIBBPF_OPTS(bpf_prog_load_opts, options);
    auto fd = tracefs.open_event("syscalls/" + event);
    check(fd.ok() && ioctl(fd->get(), PERF_EVENT_IOC_SET_BPF, program(BPF_PROG_TYPE_TRACEPOINT, options)) == 0 &&
              ioctl(fd->get(), PERF_EVENT_IOC_ENABLE, 0) == 0,
          event.c_str());
    fd->release();  // it stays until the process ends
}

}  // namespace

int main() {
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, nullptr);
    const auto tracefs = Tracefs::open();
    check(tracefs.ok(), "tracefs");
    int attached = 0;
    for (const Probe& probe : probes()) {
        if (probe.optional || probe.on_demand) continue;
        if (probe.hook == Hook::btf_tracepoint) {
            on_tracepoint(probe.target);
            ++attached;
        }
        if (probe.hook != Hook::syscall_tracepoint) continue;
        for (const std::string name : probe.programs) {
            on_system_call(*tracefs, std::string(probe.target) + name.substr(name.find('_')));
            ++attached;
        }
    }
    std::printf("attached %d\n", attached);
    std::fflush(stdout);
    int signal = 0;
    sigwait(&interrupt, &signal);
}
