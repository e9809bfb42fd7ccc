#include "live/kernel.h"

#include <bpf/bpf.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>

#include "base/fd.h"
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

/// Types of a prototype's parameters from the `first` on.
std::optional<std::vector<std::string>> parameters(const btf* types, const btf_type* prototype, std::uint32_t first) {
    if (!prototype || !btf_is_func_proto(prototype)) return std::nullopt;
    std::vector<std::string> arguments;
    for (std::uint32_t i = first; i < btf_vlen(prototype); ++i) arguments.push_back(type_name(types, btf_params(prototype)[i].type));
    return arguments;
}

/// A type without what does not change where its fields are: qualifiers, names for it, and that there are many of it.
const btf_type* bare(const btf* types, std::uint32_t id) {
    const btf_type* type = btf__type_by_id(types, id);
    while (type && (btf_is_mod(type) || btf_is_array(type)))
        type = btf__type_by_id(types, btf_is_array(type) ? btf_array(type)->type : type->type);
    return type;
}

/// The type of a member, unnamed structs and unions inside searched too; null when there is none of this name.
const btf_type* member_type(const btf* types, const btf_type* type, std::string_view name) {
    if (!type || !btf_is_composite(type)) return nullptr;
    for (std::uint32_t i = 0; i < btf_vlen(type); ++i) {
        const btf_member& member = btf_members(type)[i];
        const std::string_view here = btf__name_by_offset(types, member.name_off);
        const btf_type* found = here == name ? bare(types, member.type) : here.empty() ? member_type(types, bare(types, member.type), name) : nullptr;
        if (found) return found;
    }
    return nullptr;
}

std::optional<std::vector<std::string>> function_in(const btf* types, const std::string& function) {
    const int id = btf__find_by_name_kind(types, function.c_str(), BTF_KIND_FUNC);
    if (id < 0) return std::nullopt;
    return parameters(types, btf__type_by_id(types, btf__type_by_id(types, static_cast<std::uint32_t>(id))->type), 0);
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
    return parameters(btf_.get(), type, 1);  // the first is the tracepoint's private pointer
}

std::optional<std::vector<std::string>> Kernel::function_arguments(const std::string& function, const std::string& module) const {
    if (auto built_in = function_in(btf_.get(), function); built_in || module.empty()) return built_in;
    if (access(("/sys/kernel/btf/" + module).c_str(), R_OK) != 0) return std::nullopt;
    const BtfHandle types(btf__load_module_btf(module.c_str(), btf_.get()));
    return types ? function_in(types.get(), function) : std::nullopt;
}

bool Kernel::has_field(const std::string& type, const std::string& path) const {
    const int id = btf__find_by_name_kind(btf_.get(), type.c_str(), BTF_KIND_STRUCT);
    const btf_type* at = id < 0 ? nullptr : btf__type_by_id(btf_.get(), static_cast<std::uint32_t>(id));
    for (const std::string_view name : split(path, '.')) at = member_type(btf_.get(), at, name);
    return at != nullptr;
}

std::string Kernel::why_no_function_programs() const {
    const int id = btf__find_by_name_kind(btf_.get(), "tcp_v4_rcv", BTF_KIND_FUNC);
    if (id < 0) return "this kernel's type information holds no functions";
    const bpf_insn return_0[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
    LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FENTRY, .attach_btf_id = static_cast<std::uint32_t>(id));
    const Fd program(bpf_prog_load(BPF_PROG_TYPE_TRACING, "try_function", "GPL", return_0, std::size(return_0), &options));
    const Fd link(program ? bpf_raw_tracepoint_open(nullptr, program.get()) : -1);
    if (link) return {};
    return std::string("this kernel lets no program hang on its functions (it was built without that, or is locked down): ") + std::strerror(errno);
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

std::uint64_t Kernel::symbol(const std::string& name) { return symbols({name})[0]; }

std::vector<std::uint64_t> Kernel::symbols(const std::vector<std::string>& names) {
    constexpr std::size_t name_column = 19;  // "ffffffff81000000 T _stext", or with a module: "... t name\t[module]"
    std::vector<std::uint64_t> addresses(names.size());
    std::size_t found = 0;
    std::ifstream file("/proc/kallsyms");
    for (std::string line; found < names.size() && std::getline(file, line);) {
        if (line.size() <= name_column) continue;
        const std::string_view symbol = std::string_view(line).substr(name_column, line.find('\t', name_column) - name_column);
        const auto at = std::find(names.begin(), names.end(), symbol);
        if (at == names.end()) continue;
        std::from_chars(line.data(), line.data() + 16, addresses[static_cast<std::size_t>(at - names.begin())], 16);
        ++found;
    }
    return addresses;
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
