#pragma once

namespace tcpwitness {

/// `doctor --environment`: what on this host, and in each of its network namespaces, can alter, delay or drop traffic. Returns the exit status.
int show_environment();

}  // namespace tcpwitness
