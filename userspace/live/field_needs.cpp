#include "live/field_needs.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "base/fd.h"
#include "base/text.h"
#include "bpf/options.h"
#include "tcpwitness.skel.h"

namespace tcpwitness {
namespace {

using BtfExtHandle = std::unique_ptr<btf_ext, Releaser<btf_ext__free>>;

/// How .BTF.ext begins (kernel: Documentation/bpf/btf.rst); places count from its end.
struct ExtHeader {
    std::uint16_t magic;
    std::uint8_t version, flags;
    std::uint32_t size;
    std::uint32_t functions_at, functions_size;
    std::uint32_t lines_at, lines_size;
    std::uint32_t relocations_at, relocations_size;
};

struct FunctionRecord {
    std::uint32_t instruction, type;
};

template <typename T> T first(std::string_view bytes) {
    T value;
    std::memcpy(&value, bytes.data(), sizeof(value));
    return value;
}

template <typename T> T take(std::string_view& bytes) {
    const T value = first<T>(bytes);
    bytes.remove_prefix(sizeof(T));
    return value;
}

/// A table of .BTF.ext: the size of its records; then for each ELF section its name, how many records it has, and those.
template <typename Record, typename Use> void for_each_record(std::string_view table, const Use& use) {
    if (table.empty()) return;
    const auto record_size = take<std::uint32_t>(table);
    while (!table.empty()) {
        const auto section = take<std::uint32_t>(table);
        const auto count = take<std::uint32_t>(table);
        for (std::uint32_t i = 0; i < count; ++i, table.remove_prefix(record_size)) use(section, first<Record>(table));
    }
}

const btf_type* without_qualifiers(const btf* types, std::uint32_t id) {
    const btf_type* type = btf__type_by_id(types, id);
    while (type && btf_is_mod(type)) type = btf__type_by_id(types, type->type);
    return type;
}

/// "0:1:2", an index of an array or a member at each step, in words.
std::string path_in_words(const btf* types, const btf_type* type, std::string_view access) {
    std::string path;
    const auto steps = split(access, ':');
    for (std::size_t i = 1; i < steps.size() && type; ++i) {  // steps[0] goes along a pointer
        if (btf_is_array(type)) {
            type = without_qualifiers(types, btf_array(type)->type);
            continue;
        }
        const btf_member& member = btf_members(type)[parse_number<std::uint32_t>(steps[i]).value_or(0)];
        const std::string name = btf__name_by_offset(types, member.name_off);
        if (!name.empty()) path += (path.empty() ? "" : ".") + name;
        type = without_qualifiers(types, member.type);
    }
    return path;
}

}  // namespace

std::map<std::string, std::vector<FieldNeed>> field_needs(std::string_view object) {
    std::map<std::string, std::vector<FieldNeed>> needs;
    const Fd file(memfd_create("object", MFD_CLOEXEC));  // libbpf takes a path
    if (!file || write(file.get(), object.data(), object.size()) != static_cast<ssize_t>(object.size())) return needs;
    btf_ext* parsed = nullptr;
    const BtfHandle types(btf__parse_elf(("/proc/self/fd/" + std::to_string(file.get())).c_str(), &parsed));
    const BtfExtHandle ext(parsed);
    if (!types || !ext) return needs;
    std::uint32_t size = 0;
    const auto* raw = static_cast<const char*>(btf_ext__get_raw_data(ext.get(), &size));
    const std::string_view bytes(raw, size);
    const auto header = first<ExtHeader>(bytes);

    std::map<std::uint32_t, std::map<std::uint32_t, std::string>> programs;  // section -> where it begins -> name
    for_each_record<FunctionRecord>(bytes.substr(header.size + header.functions_at, header.functions_size), [&](auto section, auto function) {
        programs[section][function.instruction] = btf__name_by_offset(types.get(), btf__type_by_id(types.get(), function.type)->name_off);
    });
    for_each_record<bpf_core_relo>(bytes.substr(header.size + header.relocations_at, header.relocations_size), [&](auto section, auto relocation) {
        if (relocation.kind > BPF_CORE_FIELD_RSHIFT_U64) return;  // about a type or an enumerator
        const auto program = std::prev(programs[section].upper_bound(relocation.insn_off));
        const btf_type* type = without_qualifiers(types.get(), relocation.type_id);
        const std::string name = btf__name_by_offset(types.get(), type->name_off);
        std::string path = path_in_words(types.get(), type, btf__name_by_offset(types.get(), relocation.access_str_off));
        auto& known = needs[program->second];
        auto need = std::find_if(known.begin(), known.end(), [&](const FieldNeed& one) { return one.type == name && one.path == path; });
        if (need == known.end()) need = known.insert(need, {name, std::move(path)});
        need->asked_for |= relocation.kind == BPF_CORE_FIELD_EXISTS;
    });
    return needs;
}

const std::map<std::string, std::vector<FieldNeed>>& own_field_needs() {
    static const auto needs = [] {
        std::size_t size = 0;
        const void* bytes = tcpwitness_bpf__elf_bytes(&size);
        return field_needs({static_cast<const char*>(bytes), size});
    }();
    return needs;
}

std::string why_field_missing(const Kernel& kernel, const std::vector<FieldNeed>& needs) {
    for (const FieldNeed& need : needs)
        if (!need.asked_for && !kernel.has_field(need.type, need.path)) return "this kernel's struct " + need.type + " has no field " + need.path;
    return {};
}

}  // namespace tcpwitness
