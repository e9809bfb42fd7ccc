// Where the time of a session went that both ends were recorded of: at the client, on the path, at the server.
#pragma once

#include <cstdint>
#include <optional>

#include "correlate/story.h"

namespace tcpwitness {

/// Sums over all requests and answers that both ends saw. Each end's part is measured by its own clock, and the path's is what is left of the
/// client's wait: none depends on how the two clocks compare.
struct TimeSplit {
    std::size_t exchanges = 0;
    std::uint64_t client_ns = 0;  ///< from an answer to the next request
    std::uint64_t path_ns = 0;    ///< both ways, with whatever had to be sent again
    std::uint64_t server_ns = 0;  ///< from a request's arrival to its answer
    std::uint64_t longest_ns = 0; ///< the longest of the client's waits for an answer, of which the next two are parts
    std::uint64_t longest_path_ns = 0, longest_server_ns = 0;
    const Event* longest_request = nullptr;  ///< as the client sent it

    std::uint64_t total_ns() const { return client_ns + path_ns + server_ns; }
};

/// Nothing where no request and its answer are among the recorded segments of both ends (`--segments`, or captures).
std::optional<TimeSplit> time_split(const Connection& client, const Connection& server);

}  // namespace tcpwitness
