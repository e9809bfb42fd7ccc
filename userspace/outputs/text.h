// The report for people: what the trace covers, what was found, and the timelines that show it.
#pragma once

#include "outputs/outputs.h"

namespace tcpwitness {

void write_text(const Story&, const Judgement&, const OutputOptions&, Sink&);

}  // namespace tcpwitness
