#include "sources/expansion_limit.h"

#include <fmt/format.h>

namespace tcpwitness {

namespace {

constexpr std::uint64_t max_ratio = 400, ratio_counts_from = 256u << 20;

}  // namespace

Result<std::size_t> ExpansionLimit::read(void* buffer, std::size_t size) {
    auto got = expanded_->read(buffer, size);
    if (!got) return got;
    given_ += *got;
    if (given_ > ratio_counts_from && given_ / max_ratio > file_.taken())
        return Error{fmt::format("expands more than {} times: that is no trace", max_ratio)};
    return got;
}

}  // namespace tcpwitness
