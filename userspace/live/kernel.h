// What the running kernel offers and calls things: asked of the kernel itself, never of a list of versions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "live/handles.h"

namespace tcpwitness {

/// Facts of the running kernel, from its BTF, /proc/kallsyms and clocks.
class Kernel {
public:
    /// Fails when the kernel has no BTF or it cannot be read.
    static Result<Kernel> inspect();

    /// A kernel whose types these are; its modules are unknown.
    static Kernel described_by(BtfHandle types) { return Kernel(std::move(types)); }

    /// Argument types of a tracepoint by name ("sock", "sk_buff", "int", "enum sk_rst_reason"), or nothing when the kernel lacks it.
    std::optional<std::vector<std::string>> tracepoint_arguments(const std::string& tracepoint) const;

    /// The same for a function, built in or of this module where that is loaded.
    std::optional<std::vector<std::string>> function_arguments(const std::string& function, const std::string& module = {}) const;

    /// Whether this struct has a field ("__sk_common.skc_state"), wherever in it; what stands in unnamed structs and unions counts as its own.
    bool has_field(const std::string& type, const std::string& path) const;

    /// Whether this kernel lets a program hang on its functions (fentry), tried out on one; why not, or empty.
    std::string why_no_function_programs() const;

    /// Enumerators of a kernel enum: number -> name; empty when the kernel lacks it. With `module`, also where only that module has it.
    std::map<std::int64_t, std::string> enumerators(const std::string& name, const std::string& module = {}) const;

    /// bpf_rdonly_cast exists (6.2 and later): programs may load through any pointer instead of calling a helper for it.
    bool plain_loads() const;

    /// Ticks a second (CONFIG_HZ), from the coarse clock's resolution.
    std::uint32_t hz() const { return hz_; }

    /// Address of a kernel function; 0 when kallsyms hides or lacks it.
    static std::uint64_t symbol(const std::string& name);
    /// The same for several in one pass, in their order: the list is long.
    static std::vector<std::uint64_t> symbols(const std::vector<std::string>& names);

private:
    explicit Kernel(BtfHandle btf);
    BtfHandle btf_;
    std::uint32_t hz_;
};

std::string kernel_release();  ///< "6.18.44-amd64"
std::string boot_id();
std::string host_name();
std::uint64_t boot_clock_ns();
std::uint64_t own_cpu_ns();  ///< what this process has used so far
/// wall = boot + this, right now: the offset read with the smallest uncertainty of a few tries.
std::uint64_t boot_to_wall_ns();

/// Capabilities of this process that the job needs and that are missing ("CAP_BPF", ...).
std::vector<std::string> missing_capabilities();

}  // namespace tcpwitness
