// The report for programs: one JSON object a line, described in docs/json.md.
#pragma once

#include "outputs/outputs.h"

namespace tcpwitness {

void write_json(const Story&, const Judgement&, const OutputOptions&, Sink&);

}  // namespace tcpwitness
