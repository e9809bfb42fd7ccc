// WireFacts by the hundred: one allocation, and one count of users, for many sessions.
#pragma once

#include <memory>
#include <vector>

#include "correlate/wire_facts.h"

namespace tcpwitness {

class FactsStore {
public:
    std::shared_ptr<WireFacts> add(WireFacts facts) {
        if (!block_ || block_->size() == block_->capacity()) {
            block_ = std::make_shared<std::vector<WireFacts>>();
            block_->reserve(per_block);
        }
        block_->push_back(std::move(facts));
        return {block_, &block_->back()};
    }

private:
    static constexpr std::size_t per_block = 256;
    std::shared_ptr<std::vector<WireFacts>> block_;
};

}  // namespace tcpwitness
