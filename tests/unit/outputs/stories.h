// Stories made by hand, for outputs to print.
#pragma once

#include <vector>

#include "correlate/story.h"
#include "findings/finding.h"
#include "findings/verdict.h"

namespace tcpwitness {

struct Case {
    Story story;
    std::vector<Finding> findings;

    Judgement judged() const {
        Judgement all{{}, findings, {}};
        all.verdict = verdict_of(story, all);
        return all;
    }
};

/// An edge host's connect to port 5061 times out; the front end's SYN-ACKs are answered by a RST that a device between them made.
Case forged_reset();
/// `count` connections without any trouble, client and server in one namespace.
Case healthy_case(std::size_t count);
/// One connection that holds an event of every kind.
Case every_kind();
/// As every_kind, with names that try to drive a terminal or to break a parser.
Case hostile();
/// The same refusal, 383 times.
Case repeated();

}  // namespace tcpwitness
