#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "bpf/records.h"

namespace tcpwitness {

/// Where the collector puts what it collects. Called from one thread.
class RecordSink {
public:
    virtual ~RecordSink() = default;
    /// One record, length-checked against its head. The bytes are valid during the call only. False: there was no room for it, and it is lost.
    [[nodiscard]] virtual bool record(const tw_head& head, const void* data, std::size_t size) = 0;
    virtual void meta(std::uint64_t boot_ns, std::string_view key, std::string_view value) = 0;
    virtual void gap(std::uint64_t boot_ns, const tw_gap& gap, std::uint16_t cpu) = 0;
    /// After every drain of the ring, with the time up to which records may have come. An error ends the recording.
    virtual Status tick(std::uint64_t boot_ns) = 0;
};

}  // namespace tcpwitness
