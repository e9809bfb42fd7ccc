#include "live/kernel.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>

#include "base/text.h"

namespace tcpwitness {
namespace {

std::uint64_t read_clock(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

/// Name of a type behind pointers and qualifiers, as a reader of the source would say it.
std::string type_name(const btf* types, std::uint32_t id) {
    const btf_type* type = btf__type_by_id(types, id);
    while (type && (btf_is_ptr(type) || btf_is_mod(type))) {
        if (type->type == 0) return "void";
        type = btf__type_by_id(types, type->type);
    }
    if (!type) return "?";
    const std::string name = btf__name_by_offset(types, type->name_off);
    return btf_is_any_enum(type) ? "enum " + name : name;
}

}  // namespace

Kernel::Kernel(BtfHandle btf) : btf_(std::move(btf)), hz_(0) {
    timespec resolution{};
    clock_getres(CLOCK_MONOTONIC_COARSE, &resolution);  // one tick
    if (resolution.tv_nsec > 0) hz_ = static_cast<std::uint32_t>((1'000'000'000 + resolution.tv_nsec / 2) / resolution.tv_nsec);
}

Result<Kernel> Kernel::inspect() {
    BtfHandle btf(btf__load_vmlinux_btf());
    if (!btf)
        return Error{std::string("the kernel's type information (BTF) cannot be read: ") + std::strerror(errno) +
                     "; it needs a kernel built with CONFIG_DEBUG_INFO_BTF (/sys/kernel/btf/vmlinux)"};
    return Kernel(std::move(btf));
}

std::optional<std::vector<std::string>> Kernel::tracepoint_arguments(const std::string& tracepoint) const {
    const int id = btf__find_by_name_kind(btf_.get(), ("btf_trace_" + tracepoint).c_str(), BTF_KIND_TYPEDEF);
    if (id < 0) return std::nullopt;
    const btf_type* type = btf__type_by_id(btf_.get(), static_cast<std::uint32_t>(id));
    type = btf__type_by_id(btf_.get(), type->type);
    if (type && btf_is_ptr(type)) type = btf__type_by_id(btf_.get(), type->type);
    if (!type || !btf_is_func_proto(type)) return std::nullopt;
    std::vector<std::string> arguments;
    const btf_param* parameter = btf_params(type);
    for (std::uint32_t i = 1; i < btf_vlen(type); ++i)  // the first is the tracepoint's private pointer
        arguments.push_back(type_name(btf_.get(), parameter[i].type));
    return arguments;
}

std::map<std::int64_t, std::string> Kernel::enumerators(const std::string& name, const std::string& module) const {
    std::map<std::int64_t, std::string> names;
    const btf* types = btf_.get();
    BtfHandle of_module;
    int id = btf__find_by_name_kind(types, name.c_str(), BTF_KIND_ENUM);
    if (id < 0 && !module.empty() && access(("/sys/kernel/btf/" + module).c_str(), R_OK) == 0) {
        of_module.reset(btf__load_module_btf(module.c_str(), btf_.get()));
        types = of_module.get();
        id = types ? btf__find_by_name_kind(types, name.c_str(), BTF_KIND_ENUM) : -1;
    }
    if (id < 0) return names;
    const btf_type* type = btf__type_by_id(types, static_cast<std::uint32_t>(id));
    const struct btf_enum* value = btf_enum(type);
    for (std::uint32_t i = 0; i < btf_vlen(type); ++i)
        names.emplace(value[i].val, btf__name_by_offset(types, value[i].name_off));
    return names;
}

bool Kernel::plain_loads() const { return btf__find_by_name_kind(btf_.get(), "bpf_rdonly_cast", BTF_KIND_FUNC) > 0; }

std::uint64_t Kernel::symbol(const std::string& name) {
    std::ifstream symbols("/proc/kallsyms");
    for (std::string line; std::getline(symbols, line);) {
        const auto parts = split(line, ' ');
        if (parts.size() < 3) continue;
        if (split(parts[2], '\t')[0] != name) continue;
        std::uint64_t address = 0;
        std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), address, 16);
        return address;
    }
    return 0;
}

std::string kernel_release() {
    utsname names{};
    uname(&names);
    return names.release;
}

std::string host_name() {
    utsname names{};
    uname(&names);
    return names.nodename;
}

std::string boot_id() {
    std::string id;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
    return id;
}

std::uint64_t boot_clock_ns() { return read_clock(CLOCK_BOOTTIME); }

std::uint64_t own_cpu_ns() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

std::uint64_t boot_to_wall_ns() {
    std::uint64_t offset = 0, best = UINT64_MAX;
    for (int i = 0; i < 8; ++i) {
        const std::uint64_t before = boot_clock_ns(), wall = read_clock(CLOCK_REALTIME), after = boot_clock_ns();
        if (after - before >= best) continue;
        best = after - before;
        offset = wall - (before + best / 2);
    }
    return offset;
}

std::vector<std::string> missing_capabilities() {
    // setns and the detached tracefs mount want SYS_ADMIN; BPF and PERFMON load and attach; NET_ADMIN reads namespaces' sockets
    static constexpr std::pair<int, const char*> needed[] = {
        {CAP_BPF, "CAP_BPF"}, {CAP_PERFMON, "CAP_PERFMON"}, {CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"},
    };
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    std::vector<std::string> missing;
    if (syscall(SYS_capget, &header, data) != 0) return missing;
    for (const auto& [number, name] : needed)
        if (!(data[number / 32].effective & (1u << (number % 32)))) missing.push_back(name);
    return missing;
}

}  // namespace tcpwitness
