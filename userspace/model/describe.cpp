#include "model/describe.h"

#include <fmt/format.h>

#include "base/text.h"
#include "model/describe_kinds.h"

namespace tcpwitness {

const char* name(Layer layer) {
    switch (layer) {
        case Layer::app: return "app";
        case Layer::tcp: return "tcp";
        case Layer::wire: return "wire";
        case Layer::host: return "host";
        case Layer::trace: return "trace";
    }
    return "?";
}

Layer layer(const Event& event) {
    return std::visit([](const auto& body) { return kinds::layer(body); }, event.body);
}

bool noteworthy(const Event& event) {
    return std::visit([&](const auto& body) { return kinds::noteworthy(body, event); }, event.body);
}

std::string sentence(const Event& event) {
    return std::visit([&](const auto& body) { return kinds::sentence(body, event); }, event.body);
}

std::vector<Field> fields(const Event& event) {
    std::vector<Field> all;
    std::visit([&](const auto& body) { kinds::add_fields(all, body, event); }, event.body);
    return all;
}

std::string task_text(const Task& task) {
    if (!task.known()) return {};
    const std::string comm = task.comm.empty() ? "?" : printable(task.comm);
    if (task.tid == task.pid || task.tid == 0) return fmt::format("{}[{}]", comm, task.pid);
    return fmt::format("{}[{}/{}]", comm, task.pid, task.tid);
}

}  // namespace tcpwitness
