// Hands records to a sink on a thread of its own, so that a slow sink never keeps the collector from the rings.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "live/sink.h"

namespace tcpwitness {

/// A bounded queue between the collector and another sink. The sink gets the same calls in the same order, from the queue's thread only.
///
///     collector -> record(), meta(), gap(), tick() -> filling_ -> [tick] -> ready_ -> [thread] -> working_ -> sink
///
/// A record for which there is no room is refused, and the collector counts it like any other loss. What is rare is always taken: metadata,
/// gaps, the host's configuration.
class QueuedSink : public RecordSink {
public:
    /// `most_bytes`: how much may wait for the sink. Three buffers of that size are held at most.
    QueuedSink(RecordSink& to, std::size_t most_bytes);
    /// Without finish(), what waits is dropped.
    ~QueuedSink() override;

    bool record(const tw_head& head, const void* data, std::size_t size) override;
    void meta(std::uint64_t boot_ns, std::string_view key, std::string_view value) override;
    void gap(std::uint64_t boot_ns, const tw_gap& gap, std::uint16_t cpu) override;
    /// Hands over what came since the last tick. Returns the error of an earlier tick of the sink's.
    Status tick(std::uint64_t boot_ns) override;

    /// Waits until the sink has had everything, and ends the thread. The sink is the caller's alone from then on.
    Status finish();

private:
    void run();
    Status work_off(std::string_view entries);
    bool wait_for_work(std::string& working);
    void put(std::uint32_t kind, std::uint64_t time_ns, std::uint64_t detail, std::string_view first, std::string_view second = {});

    RecordSink& to_;
    const std::size_t most_bytes_;
    std::string filling_;            ///< the collector's thread alone
    std::size_t waiting_ = 0;        ///< bytes in ready_ at the last tick: the collector's own copy
    std::mutex mutex_;
    std::condition_variable wake_;
    std::string ready_;              ///< under mutex_, as all below
    Status status_ = success();
    bool finishing_ = false, dropping_ = false;
    std::thread thread_;             ///< last: begins when all else stands
};

}  // namespace tcpwitness
