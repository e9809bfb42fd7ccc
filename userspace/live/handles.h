// One owner per libbpf type.
#pragma once

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <memory>

namespace tcpwitness {

template <auto release>
struct Releaser {
    template <typename T> void operator()(T* handle) const { release(handle); }
};

using BtfHandle = std::unique_ptr<btf, Releaser<btf__free>>;
using LinkHandle = std::unique_ptr<bpf_link, Releaser<bpf_link__destroy>>;
using RingHandle = std::unique_ptr<ring_buffer, Releaser<ring_buffer__free>>;

}  // namespace tcpwitness
