// One connection or session in one line.
#pragma once

#include <string>

#include "outputs/plan.h"

namespace tcpwitness {

/// "10.0.1.2:40112 -> 10.0.2.2:5061"; the arrow runs from client to server; "listening on *:443".
std::string endpoints_text(const Connection&);
/// "sipd[4711]"; "no socket" for a half-open or refused connection; "process not seen".
std::string process_text(const Connection&);
/// The same with the container or service that the process runs in: "sipd[4711] in docker:0123456789ab".
std::string process_text(const Story&, const Connection&);
/// "connect timed out (ETIMEDOUT) after 7.1 s", "closed after 12 ms", "still open at the end of the recording".
std::string ending_text(const Connection&);
/// An event's sentence; what a call did not know yet when it was made (where connect goes to) comes from its connection.
std::string sentence_within(const Event&, const Connection*);
/// Name of the namespace, safe to print.
std::string witness_text(const Story&, WitnessId);
/// "client", "server", "listener", "socket".
const char* role_text(const Connection&);

/// The parts of a session's single line, to be aligned in columns.
struct HeadingParts {
    std::string ids;        ///< "#1" or "#1 #2"
    std::string endpoints;
    std::string process;    ///< "sipd[4711]" or "sipd[4711] -> fe[900]"
    std::string witness;    ///< "edge", "edge -> fe"; empty when there is one witness only
    std::string ending;     ///< of the first end
    std::string findings;   ///< "[1] reset-forged"
};
HeadingParts heading(const Story&, const Plan&, const ShownSession&);

}  // namespace tcpwitness
