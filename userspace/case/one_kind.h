// A packet that both ends' captures hold is of one kind: what its sender's capture makes of it.
#pragma once

#include "correlate/story.h"

namespace tcpwitness {

/// At the receiver a resend may look like a late packet, or a late one like a resend: only the sender's end shows what was sent before.
void agree_on_kinds(Story&);

}  // namespace tcpwitness
