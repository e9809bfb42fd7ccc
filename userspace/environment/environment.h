// The configuration of a host and of its network namespaces that can alter, delay or drop traffic.
#pragma once

#include "environment/bpf_programs.h"
#include "environment/facts.h"
#include "environment/nft.h"

namespace tcpwitness {

/// What holds for the whole host.
class HostEnvironment {
public:
    Facts look();

private:
    BpfPrograms programs_;
};

/// What holds for one network namespace: the one that the calling thread is in.
class NamespaceEnvironment {
public:
    /// With `counters`, counters are read anew.
    Facts look(bool counters);

private:
    Nft nft_;
};

}  // namespace tcpwitness
