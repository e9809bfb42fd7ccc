#pragma once

#include <string_view>

#include "parsers/byte_source.h"

namespace tcpwitness {

/// Bytes that someone else keeps in memory.
class ViewSource : public ByteSource {
public:
    explicit ViewSource(std::string_view bytes) : bytes_(bytes) {}

    Result<std::size_t> read(void* buffer, std::size_t size) override {
        const std::size_t count = bytes_.copy(static_cast<char*>(buffer), size);
        bytes_.remove_prefix(count);
        return count;
    }

private:
    std::string_view bytes_;
};

}  // namespace tcpwitness
