#include "outputs/wire_text.h"

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

std::string size_text(std::uint64_t bytes) {
    if (bytes < 10'000) return fmt::format("{} B", bytes);
    if (bytes < 10'000'000) return fmt::format("{} kB", (bytes + 500) / 1'000);
    if (bytes < 10'000'000'000) return fmt::format("{} MB", (bytes + 500'000) / 1'000'000);
    return fmt::format("{} GB", (bytes + 500'000'000) / 1'000'000'000);
}

std::string resends_text(const WireFacts& facts) {
    const WireDirection &client = facts.client, &server = facts.server;
    const std::uint64_t all = std::uint64_t{client.retransmitted} + server.retransmitted;
    if (all == 0) return {};
    std::string kinds;
    const auto add = [&](std::uint64_t count, const char* word) {
        if (count) kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", count, word);
    };
    add(std::uint64_t{client.rto} + server.rto, "RTO");
    add(std::uint64_t{client.fast} + server.fast, "fast");
    add(std::uint64_t{client.loss_probe} + server.loss_probe, "loss probe");
    add(std::uint64_t{client.too_big} + server.too_big, "too big");
    add(std::uint64_t{client.spurious} + server.spurious, "in vain");
    return fmt::format(", sent again {}{}", all, kinds.empty() ? "" : " (" + kinds + ")");
}

/// The whole way and back: of the handshake, else what both directions' shortest add up to.
std::uint64_t round_trip_us(const WireFacts& facts) {
    if (facts.handshake_rtt_us) return facts.handshake_rtt_us;
    return std::uint64_t{facts.client.least_rtt_us} + facts.server.least_rtt_us;
}

}  // namespace

std::string completeness_text(std::uint8_t completeness) {
    constexpr std::uint8_t handshake = 7, data = 8, fin = 16, rst = 32;
    const bool begun = (completeness & handshake) == handshake, ended = completeness & (fin | rst);
    if (!begun || !ended) return fmt::format("incomplete, {}", completeness);
    return completeness & data ? "complete, with data" : "complete, no data";
}

std::string wire_text(const WireFacts& facts) {
    std::string text = fmt::format("{} {}", facts.conn_state, facts.history);
    text += fmt::format(" ({}), {} out and {} back", completeness_text(facts.completeness), size_text(facts.client.bytes), size_text(facts.server.bytes));
    if (const std::uint64_t us = round_trip_us(facts)) text += ", round trip " + duration_text(us * 1'000);
    return text + resends_text(facts);
}

}  // namespace tcpwitness
