// One recording from attach to detach: when it ends, and what must happen then in which order.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "live/child.h"
#include "live/collector.h"

namespace tcpwitness {

/// What ends a recording, whichever comes first.
struct StopConditions {
    std::optional<std::uint64_t> duration_ns;
    std::optional<std::uint64_t> until_wall_ns;
    Child* command = nullptr;
};

/// SIGINT, SIGTERM and SIGHUP as a readable descriptor while this lives.
class StopSignals {
public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    int fd() const { return fd_.get(); }
    /// A signal that came, or 0.
    int take() const;

private:
    Fd fd_;
};

/// Collects until something ends it. Returns why: "interrupted", "duration", "command ended". The error is the sink's.
Result<std::string> collect(Collector&, const StopConditions&, const StopSignals&);

/// Ends the recording for all probes at once, adds calls that never returned, detaches, takes what is still in the ring, adds the closing metadata.
Status finish(LoadedProbes&, Collector&, RecordSink&, const std::string& reason);

}  // namespace tcpwitness
