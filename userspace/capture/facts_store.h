// WireFacts by the hundred: one allocation, and one count of users, for many sessions.
#pragma once

#include <memory>
#include <vector>

#include "base/blocks.h"
#include "correlate/wire_facts.h"

namespace tcpwitness {

class FactsStore {
public:
    std::shared_ptr<WireFacts> add(WireFacts facts) {
        if (!block_ || block_->size() == block_->capacity()) {
            block_ = std::make_shared<Block>();
            block_->reserve(Blocks<WireFacts>::per_block);
        }
        block_->push_back(std::move(facts));
        return {block_, &block_->back()};
    }

private:
    using Block = std::vector<WireFacts, HugePages<WireFacts>>;
    std::shared_ptr<Block> block_;
};

}  // namespace tcpwitness
