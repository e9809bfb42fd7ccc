#include "live/fitness.h"

#include <algorithm>

#include "base/text.h"

namespace tcpwitness {
namespace {

using Arguments = std::optional<std::vector<std::string>>;

bool begins_with(const std::vector<std::string>& given, const std::vector<const char*>& wanted) {
    return given.size() >= wanted.size() && std::equal(wanted.begin(), wanted.end(), given.begin());
}

std::string why_tracepoint_unfit(const Kernel& kernel, const Probe& row) {
    const Arguments given = kernel.tracepoint_arguments(row.target);
    if (!given) return std::string("this kernel has no tracepoint ") + row.target;
    if (!begins_with(*given, row.arguments)) return std::string("this kernel's tracepoint ") + row.target + " has other arguments than the program reads";
    return {};
}

std::string why_function_unfit(const Kernel& kernel, const Probe& row, std::size_t program) {
    if (row.number == TW_PROBE_RESET_ANSWER && tells_reset_reasons(kernel)) return "not needed: this kernel's tcp_send_reset tells these too";
    const std::string function(split(row.target, ',').at(program));
    const std::string module = program < row.modules.size() ? row.modules[program] : "";
    const Arguments given = kernel.function_arguments(function, module);
    if (!given) return "this kernel has no function " + function + (module.empty() ? "" : " as long as the module " + module + " is not loaded");
    if (!begins_with(*given, row.arguments)) return "this kernel's function " + function + " has other arguments than the program reads";
    return {};
}

}  // namespace

std::string why_unfit(const Kernel& kernel, const Probe& row, std::size_t program) {
    if (row.hook == Hook::btf_tracepoint) return why_tracepoint_unfit(kernel, row);
    if (row.hook == Hook::function) return why_function_unfit(kernel, row, program);
    return {};
}

bool argument_is(const Kernel& kernel, const char* tracepoint, std::size_t index, const char* type) {
    const Arguments given = kernel.tracepoint_arguments(tracepoint);
    return given && given->size() > index && (*given)[index] == type;
}

bool tells_reset_reasons(const Kernel& kernel) { return argument_is(kernel, "tcp_send_reset", 2, "enum sk_rst_reason"); }
bool tells_drop_socket(const Kernel& kernel) { return argument_is(kernel, "kfree_skb", 3, "sock"); }
bool tells_retransmit_error(const Kernel& kernel) { return argument_is(kernel, "tcp_retransmit_skb", 2, "int"); }

}  // namespace tcpwitness
