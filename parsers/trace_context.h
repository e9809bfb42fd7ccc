#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "model/trace.h"

namespace tcpwitness {

/// What a trace says about itself, key by key, and the tables that decoding its records needs: who the witnesses and interfaces are, and
/// what the running kernel calls its reasons to reset and to drop. Fills the TraceInfo that it was given, which must outlive it.
class TraceContext {
public:
    explicit TraceContext(TraceInfo& info) : info_(info) {}

    /// One key of the trace's metadata (ARCHITECTURE.md, "The trace file").
    void learn(std::string_view key, std::string_view value);
    void learn_line(std::string_view key_and_value);   ///< "key=value"
    void learn_lines(std::string_view text);           ///< one "key=value" a line

    WitnessId witness(std::uint32_t netns);            ///< made when first asked for; netns 0 is the first witness
    std::uint32_t interface(std::uint32_t netns, std::uint32_t ifindex, std::string_view name);  ///< index in TraceInfo::interfaces
    std::string reset_reason(std::int32_t number) const;  ///< "TCP_ABORT_ON_CLOSE", or "reason 17"
    std::string drop_reason(std::uint32_t number) const;  ///< "NETFILTER_DROP", or "reason 12"

    bool mixed() const { return mixed_; }  ///< keys of two recordings: two files were put into one

    TraceInfo& info() { return info_; }

private:
    void learn_cgroup(std::string_view rest, std::string value);
    void learn_namespace(std::string_view rest, std::string value);
    void learn_probe(std::string_view rest, std::string value);

    TraceInfo& info_;
    std::unordered_map<std::uint32_t, WitnessId> witnesses_;
    std::unordered_map<std::uint64_t, std::uint32_t> interfaces_;  ///< netns << 32 | ifindex
    std::unordered_map<std::string, std::size_t> probes_;
    std::unordered_map<std::int32_t, std::string> reset_reasons_;
    std::unordered_map<std::uint32_t, std::string> drop_reasons_;
    bool mixed_ = false;
    std::uint32_t last_netns_ = 0;  ///< records come in runs of one namespace
    WitnessId last_witness_ = 0;
};

/// Text of the traced host, safe for a terminal and for JSON.
std::string clean(std::string_view text);

}  // namespace tcpwitness
