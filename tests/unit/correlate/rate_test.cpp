// A million synthetic events; hidden, because a number says nothing on a busy machine: unit_correlate "[rate]".
#include <catch2/catch.hpp>

#include <chrono>

#include "support/events.h"

using namespace tcpwitness;

TEST_CASE("events a second", "[.rate]") {
    auto t = trace();
    std::vector<Event> events;
    constexpr int connections = 72'000;
    for (int i = 0; i < connections; ++i) {
        End client = t.end("host", "10.0.0.1:" + std::to_string(10000 + i % 50000), "10.0.0.2:" + std::to_string(80 + i / 50000), task(7, "curl"));
        t.as(client).at(i * .1).connect_enter().syn_sent().syn_out().timer_armed(1000).syn_ack_in().state(TcpState::syn_sent, TcpState::established).connect_exit();
        t.timer_armed(200).state(TcpState::established, TcpState::fin_wait1).fin_out().state(TcpState::fin_wait1, TcpState::fin_wait2).fin_in();
        t.wiped_close(TcpState::fin_wait2).destroy();
    }
    events = t.events();
    for (const bool live : {false, true}) {
        Correlator correlator(t.info(), live ? Limits{} : Limits::offline());
        std::vector<Event> input = events;
        const auto began = std::chrono::steady_clock::now();
        std::size_t n = 0;
        for (Event& event : input) {
            correlator.add(std::move(event));
            if (live && ++n % 100'000 == 0) correlator.forget_ended_before(event.time_ns - 1'000'000'000);
        }
        correlator.finish();
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        WARN((live ? "live: " : "offline: ") << events.size() << " events in " << seconds << " s, " << static_cast<double>(events.size()) / seconds << " a second, "
                                             << sizeof(Event) << " bytes an event, " << sizeof(Connection) << " a connection");
    }
}
