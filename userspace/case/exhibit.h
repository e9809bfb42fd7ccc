// One file of a case, read: whatever kind it is, in one form.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/read_capture.h"
#include "model/trace.h"
#include "parsers/byte_source.h"
#include "sources/trace_file.h"

namespace tcpwitness {

/// What the packets tell of a session whose socket the events know.
struct SessionFacts {
    WitnessId witness = 0;
    Flow flow;
    std::uint64_t begin_ns = 0, end_ns = 0;
    std::shared_ptr<const WireFacts> wire;
};

struct Exhibit {
    TraceInfo info;
    std::vector<Event> events;            ///< of a trace, in time order; none of them belongs to a connection yet
    std::vector<Connection> connections;  ///< of a capture: rebuilt, with the packets that were kept
    std::vector<Event> unmatched;         ///< of a capture: packets of no session
    std::vector<SessionFacts> sessions;   ///< of a capture that holds its host's events too; their packets are among `events`
    std::uint64_t packets = 0;            ///< of a capture
    bool log = false;                     ///< of an application: messages only, that know no socket

    bool capture() const { return info.capture(); }
};

struct ExhibitOptions {
    ReadOptions reading;
    bool alone = true;           ///< no other witness will be asked: of a capture's sessions without trouble, their ends need not be kept
    std::vector<std::vector<Address>> own_addresses;  ///< by witness, as the user says: which of them made a capture
    CaptureProgress progress;    ///< captures are large
};

/// Opens and reads it; "-" is standard input. The error names the file.
/// A pasted text may hold several kinds of trace: one exhibit each, at least one.
Result<std::vector<Exhibit>> read_exhibits(const std::string& file, const ExhibitOptions&);

/// The parts of one rotated capture, in order of time (rotated.h); or one file.
Result<std::vector<Exhibit>> read_exhibits(const std::vector<std::string>& parts, const ExhibitOptions&);

Exhibit exhibit_of(Trace);
Exhibit exhibit_of(CaptureStory);

template <typename Do> void for_each_event(Exhibit& exhibit, Do what) {
    for (Event& event : exhibit.events) what(event);
    for (Connection& connection : exhibit.connections)
        for (Event& event : connection.events) what(event);
    for (Event& event : exhibit.unmatched) what(event);
}

}  // namespace tcpwitness
