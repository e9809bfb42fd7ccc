// What the recording says about itself.
#include <fmt/format.h>

#include "base/text.h"
#include "model/describe_kinds.h"

namespace tcpwitness::kinds {

Layer layer(const Gap&) { return Layer::trace; }

bool noteworthy(const Gap&, const Event&) { return true; }

std::string sentence(const Gap& gap, const Event&) {
    const std::uint64_t length_ns = gap.to_ns > gap.from_ns ? gap.to_ns - gap.from_ns : 0;
    return fmt::format("{} lost by probe {} within {}", count_text(gap.lost, "record", "records"), printable(gap.probe), duration_text(length_ns));
}

void add_fields(std::vector<Field>& to, const Gap& gap, const Event&) {
    add(to, "probe", gap.probe);
    add(to, "lost", gap.lost);
    add(to, "length_ns", gap.to_ns > gap.from_ns ? gap.to_ns - gap.from_ns : std::uint64_t{0});
}

}  // namespace tcpwitness::kinds
