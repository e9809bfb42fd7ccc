// Type information of a kernel that never ran, made from a description: "tcp_send_reset(sock, sk_buff, enum sk_rst_reason)".
#pragma once

#include <bpf/btf.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "live/handles.h"

/// Structs and "void" come as pointers, structs as const ones, as most tracepoints take them; "int", "long" and "enum x" as values.
class BtfSketch {
public:
    BtfSketch() : types_(btf__new_empty()) {}

    BtfSketch& tracepoint(const std::string& description) {
        const auto [name, arguments] = parts(description);
        const int prototype = btf__add_func_proto(types(), 0);
        add("private", pointer_to(0));
        for (const auto& argument : arguments) add("argument", argument);
        btf__add_typedef(types(), ("btf_trace_" + name).c_str(), btf__add_ptr(types(), prototype));
        return *this;
    }

    BtfSketch& function(const std::string& description) {
        const auto [name, arguments] = parts(description);
        const int prototype = btf__add_func_proto(types(), 0);
        for (const auto& argument : arguments) add("argument", argument);
        btf__add_func(types(), name.c_str(), BTF_FUNC_STATIC, prototype);
        return *this;
    }

    /// A struct with these fields: "sk_err", "__sk_common.skc_state"; ".x" is a field of an unnamed struct inside.
    BtfSketch& structure(const std::string& name, const std::set<std::string>& paths) {
        composite(name, paths);
        return *this;
    }

    tcpwitness::BtfHandle take() { return std::move(types_); }

private:
    btf* types() { return types_.get(); }
    void add(const char* name, int type) { btf__add_func_param(types(), name, type); }

    /// A parameter must follow its prototype at once, so types are made before: name, and the types' ids.
    std::pair<std::string, std::vector<int>> parts(const std::string& description) {
        const auto open = description.find('(');
        std::vector<int> ids;
        for (const std::string_view word : tcpwitness::split(std::string_view(description).substr(open + 1, description.size() - open - 2), ','))
            ids.push_back(type(std::string(tcpwitness::trim(word))));
        pointer_to(0);
        return {description.substr(0, open), ids};
    }

    int composite(const std::string& name, const std::set<std::string>& paths) {
        std::map<std::string, std::set<std::string>> below;  // what comes after a first name
        for (const std::string& path : paths) {
            const auto dot = path.find('.');
            auto& rest = below[path.substr(0, dot)];
            if (dot != std::string::npos) rest.insert(path.substr(dot + 1));
        }
        std::map<std::string, int> fields;
        for (const auto& [field, rest] : below) fields[field] = rest.empty() ? type("int") : composite("", rest);
        const int made = btf__add_struct(types(), name.c_str(), static_cast<std::uint32_t>(8 * fields.size()));
        std::uint32_t bit = 0;
        for (const auto& [field, id] : fields) btf__add_field(types(), field.c_str(), id, std::exchange(bit, bit + 64), 0);
        return made;
    }

    int type(const std::string& name) {
        if (const auto known = ids_.find(name); known != ids_.end()) return known->second;
        int id = 0;
        if (name == "int") {
            id = btf__add_int(types(), "int", 4, BTF_INT_SIGNED);
        } else if (name == "long") {
            id = btf__add_int(types(), "unsigned long", 8, 0);
        } else if (name == "void") {
            id = pointer_to(0);
        } else if (name.starts_with("enum ")) {
            id = btf__add_enum(types(), name.substr(5).c_str(), 4);
            btf__add_enum_value(types(), "SK_RST_REASON_NOT_SPECIFIED", 0);
            id = btf__add_const(types(), id);
        } else {
            id = pointer_to(btf__add_const(types(), btf__add_fwd(types(), name.c_str(), BTF_FWD_STRUCT)));
        }
        return ids_[name] = id;
    }

    int pointer_to(int id) {
        if (id == 0 && void_pointer_) return void_pointer_;
        const int made = btf__add_ptr(types(), id);
        if (id == 0) void_pointer_ = made;
        return made;
    }

    tcpwitness::BtfHandle types_;
    std::map<std::string, int> ids_;
    int void_pointer_ = 0;
};
