// Events in no sensible order, with whatever numbers.
#pragma once

#include <random>

#include "support/events.h"

namespace tcpwitness {

class Nonsense {
public:
    explicit Nonsense(unsigned seed) : random_(seed) {}

    Event event() {
        Event event;
        time_ += pick(4) ? pick(1'000'000) : pick(20'000'000'000);
        event.time_ns = pick(50) ? time_ : pick(time_ + 1);  // sometimes far back
        event.witness = static_cast<WitnessId>(pick(4));
        event.cookie = pick(3) ? pick(12) : 0;
        event.socket_id = static_cast<std::uint32_t>(pick(3) ? pick(12) : 0);
        event.state = state();
        event.flow = {end(), end()};
        event.body = body();
        return event;
    }

private:
    std::uint64_t pick(std::uint64_t below) { return random_() % below; }
    std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }
    TcpState state() { return static_cast<TcpState>(pick(15)); }
    Endpoint end() {
        const std::uint8_t four[] = {10, 0, 0, static_cast<std::uint8_t>(pick(3))};
        return {pick(5) ? Address::ipv4(four) : Address{}, static_cast<std::uint16_t>(pick(4))};
    }
    TcpNumbers tcp() {
        TcpNumbers numbers;
        numbers.recv_idle_ms = static_cast<std::uint32_t>(random_());
        numbers.send_idle_ms = static_cast<std::uint32_t>(pick(100));
        numbers.rcv_nxt = static_cast<std::uint32_t>(random_());
        numbers.retransmits = byte();
        return numbers;
    }
    EventBody body() {
        switch (pick(18)) {
            case 0: {
                Call call;
                call.op = static_cast<Call::Op>(1 + pick(6));
                call.phase = static_cast<Call::Phase>(pick(2));
                call.task = task(static_cast<std::uint32_t>(pick(4)), "x\x1b");
                call.ret = pick(2) ? 0 : -static_cast<std::int32_t>(pick(130));
                call.listener_cookie = pick(12);
                return call;
            }
            case 1: {
                StateChange change;
                change.from = state();
                change.to = state();
                return change;
            }
            case 2: return Timer{};
            case 3: {
                Retransmit again;
                again.what = static_cast<Retransmit::What>(pick(7));
                again.tcp = tcp();
                return again;
            }
            case 4: return SynAckRetransmit{static_cast<std::uint32_t>(pick(3)), static_cast<std::uint32_t>(pick(3)), 0, byte(), byte()};
            case 5: return SocketError{tcp(), static_cast<std::int32_t>(pick(2) ? ETIMEDOUT : pick(200))};
            case 6: return ResetReceived{tcp()};
            case 7: {
                ResetSent reset;
                reset.tcp = tcp();
                reset.has_socket = pick(2);
                reset.answers_segment = pick(2);
                reset.segment_flags = byte();
                reset.seq = static_cast<std::uint32_t>(pick(3));
                reset.reason = pick(2) ? "NO_SOCKET" : "";
                return reset;
            }
            case 8: return Destroy{};
            case 9: {
                ProcessExit exit;
                exit.task = task(static_cast<std::uint32_t>(pick(4)), "x");
                exit.code = static_cast<std::int32_t>(pick(256));
                return exit;
            }
            case 10: return Snapshot{};
            case 11: return Gap{pick(time_ + 1), pick(time_ + 1), pick(3), "state"};
            case 12: {
                static constexpr const char* reasons[] = {"NETFILTER_DROP", "IP_RPFILTER", "IP_OUTNOROUTES", "NEIGH_FAILED", "QDISC_DROP"};
                Drop drop;
                drop.reason = reasons[pick(5)];
                drop.caller = pick(2) ? "ip_local_deliver" : "";
                drop.outgoing = pick(2);
                drop.icmp = pick(2);
                drop.flags = byte();
                drop.seq = static_cast<std::uint32_t>(pick(3));
                return drop;
            }
            case 13: {
                Icmp icmp;
                icmp.outgoing = pick(2);
                icmp.v6 = pick(2);
                icmp.type = byte();
                icmp.code = byte();
                icmp.sender = end().address;
                return icmp;
            }
            case 14: {
                Route route;
                route.what = static_cast<Route::What>(pick(9));
                route.error = static_cast<std::int32_t>(pick(130));
                route.for_connect = pick(2);
                return route;
            }
            case 15: return Neighbour{static_cast<Neighbour::What>(pick(5)), byte(), {}, {}, "eth0"};
            case 16: return Message{pick(2) == 0, "SIP", pick(2) ? "SIP/2.0 504 x" : "INVITE x", "x", "", pick(2) ? "x" : "", "", pick(9)};
            default: {
                Segment segment;
                segment.outgoing = pick(2);
                segment.flags = byte();
                segment.seq = static_cast<std::uint32_t>(pick(3));
                segment.ack = static_cast<std::uint32_t>(pick(4));
                segment.ttl = byte();
                segment.interface = static_cast<std::uint32_t>(pick(9));
                return segment;
            }
        }
    }

    std::mt19937_64 random_;
    std::uint64_t time_ = 1'000'000'000;
};

}  // namespace tcpwitness
