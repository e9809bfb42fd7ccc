#include "outputs/outputs.h"

#include "outputs/json.h"
#include "outputs/text.h"

namespace tcpwitness {

std::span<const Output> outputs() {
    static constexpr Output table[] = {
        {"text", "summary, findings and timelines for people", write_text},
        {"json", "one object a line (docs/json.md)", write_json},
        {"pcapng", "the capture again, with comments on the packets that matter (docs/export.md)", nullptr},
    };
    return table;
}

const Output* find_output(std::string_view name) {
    for (const Output& output : outputs())
        if (name == output.name) return &output;
    return nullptr;
}

}  // namespace tcpwitness
