// The table of probes: help, `probes`, `doctor`, the loader and the trace's metadata read the same rows.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "bpf/records.h"

namespace tcpwitness {

/// How a program reaches its hook.
enum class Hook : unsigned char {
    btf_tracepoint,      ///< tp_btf: one program per tracepoint, typed arguments
    function,            ///< fentry: one program per kernel function; where the kernel allows it
    syscall_tracepoint,  ///< perf tracepoint, one program per system call
    iterator,            ///< read when the recording begins, or from time to time
};

struct Probe {
    tw_probe number;              ///< its short name: parsers/probe_names.h
    Hook hook;
    const char* target;           ///< tracepoint name, or what the programs hang on; functions: comma-separated, as programs
    std::vector<const char*> programs;   ///< BPF program names
    std::vector<const char*> arguments = {};  ///< BTF types that the program takes by position; the kernel must agree
    bool essential = false;       ///< without it the main job cannot be done
    const char* shows = "";       ///< what its records tell
    std::vector<const char*> modules = {};  ///< functions: the module that each is in where it is not built in
    bool optional = false;        ///< an extra that many kernels do not give; nothing is said where it is missing, but by doctor
    /// A second program on the same tracepoint, behind the first. The kernel runs no program that is running on that CPU already, so what a
    /// softirq does that interrupts a process in the first one would not be seen; the second one is not running then. Nor is
    /// anything missed when that one is interrupted: then the first is not running.
    const char* stand_in = nullptr;
    /// Makes no record, but notes a detail for one that another program makes: what it is not run for is no loss. Attached when such a record
    /// lacks it for the first time.
    bool on_demand = false;
};

std::span<const Probe> probes();
const Probe* probe(tw_probe number);

/// "tp_btf/inet_sock_set_state", "tracepoint/syscalls/sys_exit_{connect,...}".
std::string hook_text(const Probe&);
const char* name(const Probe&);

}  // namespace tcpwitness
