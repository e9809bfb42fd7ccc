#include "findings/finding.h"

namespace tcpwitness {

const char* name(Culprit culprit) {
    switch (culprit) {
        case Culprit::local_application: return "local-application";
        case Culprit::local_kernel: return "local-kernel";
        case Culprit::local_configuration: return "local-configuration";
        case Culprit::local_firewall: return "local-firewall";
        case Culprit::path: return "path";
        case Culprit::peer_host: return "peer-host";
        case Culprit::peer_application: return "peer-application";
        case Culprit::unknown: break;
    }
    return "unknown";
}

const char* name(Certainty certainty) {
    switch (certainty) {
        case Certainty::possible: return "possible";
        case Certainty::likely: return "likely";
        case Certainty::proven: return "proven";
    }
    return "possible";
}

}  // namespace tcpwitness
