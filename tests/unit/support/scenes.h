// Scenes that several tests play: whole handshakes, whole closes, the forged RST of the demo.
#pragma once

#include <string>

#include "support/events.h"

namespace tcpwitness {

/// Both ends of one session with everything that the kernel tells of them.
struct Session {
    End client, server, listener;
};

inline Session session(TraceBuilder& t, const std::string& client_place = "edge", const std::string& server_place = "fe", int port = 40000,
                       const std::string& server_address = "10.0.2.2:5061") {
    Session s;
    s.listener = t.listener(server_place, "0.0.0.0:" + server_address.substr(server_address.rfind(':') + 1), task(50, "server"));
    s.client = t.end(client_place, "10.0.1.2:" + std::to_string(port), server_address, task(100, "dialer"));
    s.server = t.opposite(s.client, server_place, task(50, "server"));
    return s;
}

inline void listen(TraceBuilder& t, const Session& s, double ms = 0) { t.as(s.listener).at(ms).listen_call(); }

inline void client_opens(TraceBuilder& t, const Session& s, double ms) {
    t.as(s.client).at(ms).connect_enter().syn_sent().syn_out().timer_armed(1000);
    t.at(ms + .4).syn_ack_in().state(TcpState::syn_sent, TcpState::established).connect_exit();
}

inline void server_opens(TraceBuilder& t, const Session& s, double ms) {
    t.as(s.server).at(ms + .2).syn_in().syn_ack_out().at(ms + .5).state(TcpState::syn_recv, TcpState::established).at(ms + .6).accept(s.listener);
}

inline void open(TraceBuilder& t, const Session& s, double ms) {
    client_opens(t, s, ms);
    server_opens(t, s, ms);
}

/// The end closes first, in good order.
inline void closes_first(TraceBuilder& t, const End& end, double ms) {
    t.as(end).at(ms).state(TcpState::established, TcpState::fin_wait1).fin_out().at(ms + .2).state(TcpState::fin_wait1, TcpState::fin_wait2);
    t.at(ms + .6).fin_in().wiped_close(TcpState::fin_wait2).destroy();
}

inline void closes_second(TraceBuilder& t, const End& end, double ms) {
    t.as(end).at(ms + .1).fin_in().state(TcpState::established, TcpState::close_wait).at(ms + .3).state(TcpState::close_wait, TcpState::last_ack).fin_out();
    t.at(ms + .8).wiped_close(TcpState::last_ack).destroy();
}

/// The end resets its connection: close() with unread data, or SO_LINGER 0.
inline void aborts(TraceBuilder& t, const End& end, double ms, const std::string& reason, std::uint32_t unread = 0) {
    TcpNumbers tcp;
    tcp.rcv_nxt = 1000 + unread;
    tcp.copied_seq = 1000;
    t.as(end).at(ms).state(TcpState::established, TcpState::close).reset_sent(reason, tcp).rst_out().destroy();
}

inline void is_reset(TraceBuilder& t, const End& end, double ms, std::uint32_t recv_idle_ms = 5, std::uint32_t send_idle_ms = 5) {
    TcpNumbers tcp;
    tcp.recv_idle_ms = recv_idle_ms;
    tcp.send_idle_ms = send_idle_ms;
    t.as(end).at(ms).rst_in().reset_received(tcp).error(ECONNRESET, tcp).wiped_close(TcpState::established).destroy();
}

/// connect() that times out after its third SYN.
inline void client_times_out(TraceBuilder& t, const Session& s, double ms) {
    t.as(s.client).at(ms).connect_enter().syn_sent().syn_out().timer_armed(1000);
    t.at(ms + 1000).syn_retransmit().syn_out().at(ms + 3000).syn_retransmit().syn_out();
    t.at(ms + 7100).error(ETIMEDOUT).wiped_close(TcpState::syn_sent).connect_exit(-ETIMEDOUT).destroy();
}

inline const double syn_times[] = {0, 1000, 3000};

/// The front end's half of the demo: each SYN is answered, and 24 us later a RST comes in under the client's name.
inline void half_open_is_reset(TraceBuilder& t, const Session& s, double ms) {
    for (const double at : syn_times) {
        t.as(s.server).at(ms + at + .1).ttl(63).syn_in().syn_ack_out();
        t.at(ms + at + .125).ttl(64).rst_in();
    }
}

/// What the device between sees: SYNs in and out, SYN-ACKs in, RSTs out.
inline void device_resets(TraceBuilder& t, const Session& s, double ms) {
    const std::uint32_t left = t.interface("mid", "eth-edge"), right = t.interface("mid", "eth-fe");
    End in, out;
    in.witness = out.witness = t.witness("mid");
    in.flow = s.server.flow;  // to the front end
    in.peer_isn = out.isn = s.client.isn;
    out.flow = s.client.flow;
    out.peer_isn = s.server.isn;
    in.isn = s.server.isn;
    for (const double at : syn_times) {
        t.as(in).at(ms + at + .05).on(left).syn_in();
        t.as(out).at(ms + at + .06).on(right).syn_out();
        t.as(out).at(ms + at + .11).on(right).syn_ack_in();
        t.as(out).at(ms + at + .12).on(right).rst_out();
    }
}

}  // namespace tcpwitness
