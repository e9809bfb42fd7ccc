// The table of outputs. An output prints a story and its findings; it decides nothing.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "correlate/story.h"
#include "findings/finding.h"
#include "outputs/sink.h"

namespace tcpwitness {

struct OutputOptions {
    bool findings_only = false;  ///< summary and findings, no timelines
    bool all = false;            ///< text only: every finding in full, and a line for every connection, however many there are
    bool benign = false;         ///< text only: list the benign patterns too; JSON always has them
    bool verbose = false;        ///< every connection's whole timeline, also of those without findings
    bool colour = false;
    bool utc = false;            ///< text only: wall times in UTC instead of the local zone
    unsigned width = 100;        ///< text only: where prose wraps; event lines never wrap
    RecordingId recording = 0;      ///< of several files, the one that is written again, with comments on its packets
    std::uint64_t from_ns = 0, to_ns = 0;  ///< text only: the story was cut to what lies between; to 0: it was not
    std::function<bool(const Connection&)> selected;  ///< which connections to print; empty: all
};

struct Output {
    const char* name;     ///< what --format takes
    const char* summary;
    /// nullptr: it is the input again, and the command writes it.
    void (*write)(const Story&, const Judgement&, const OutputOptions&, Sink&);
};

std::span<const Output> outputs();
/// By name; nullptr when there is none.
const Output* find_output(std::string_view name);

}  // namespace tcpwitness
