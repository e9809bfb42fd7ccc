// Captures that were rotated: tcpdump -C and -G, dumpcap's ring of files, editcap -c and -i.
#pragma once

#include <string>
#include <vector>

namespace tcpwitness {

/// The files, each alone or with the others that are parts of the same capture, in order of time. Parts follow each other in time and were made at
/// one place: sessions go on from one to the next with the same link addresses and TTLs; or their names differ in digits only, and their hosts look alike.
/// The groups stand in the order of the files that were given first.
std::vector<std::vector<std::string>> capture_groups(const std::vector<std::string>& files);

}  // namespace tcpwitness
