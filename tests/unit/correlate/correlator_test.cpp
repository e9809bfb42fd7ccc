#include <optional>

#include <catch2/catch.hpp>

#include "support/scenes.h"

using namespace tcpwitness;

namespace {

std::vector<const char*> kinds(const Connection& c) {
    std::vector<const char*> words;
    for (const Event& event : c.events) words.push_back(event.as<Segment>() ? "packet" : event.as<StateChange>() ? "state" : "other");
    return words;
}

std::optional<Call::Op> last_call(const Connection& c) {
    std::optional<Call::Op> op;
    for (const Event& event : c.events)
        if (const Call* call = event.as<Call>()) op = call->op;
    return op;
}

}  // namespace

TEST_CASE("a SYN that left before any record knew cookie and port together belongs to its connection") {
    auto t = trace();
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "dialer"));
    t.as(edge).at(0).syn_sent().syn_out().timer_armed(1000);
    const Story story = t.story();
    REQUIRE(story.connections.size() == 1);
    const Connection& c = story.connections[0];
    CHECK(c.flow == edge.flow);
    CHECK(c.local_isn == edge.isn);
    CHECK(c.role == Role::client);
    CHECK(c.owner.pid == 100);
    REQUIRE(c.events.size() == 3);
    CHECK(c.events[0].as<StateChange>());
    CHECK(c.events[1].as<Segment>());
    CHECK(story.unmatched.empty());
}

TEST_CASE("an accept() that names an MPTCP socket belongs to the TCP socket under it, and so does what names it afterwards") {
    auto t = trace();
    Session s = session(t);
    t.as(s.listener).at(0).listen_call();
    t.as(s.server).at(10).syn_in().syn_ack_out().at(10.5).state(TcpState::syn_recv, TcpState::established);
    End whole = s.server;
    whole.cookie = 900;
    whole.socket_id = 0x9000;
    t.as(whole).at(11).accept(s.listener).at(12).shutdown_call();
    const Story story = t.story();
    REQUIRE(story.connections.size() == 2);  // and the listener
    const Connection& c = story.connections[1];
    CHECK(c.accepted);
    CHECK(c.owner.pid == s.server.task.pid);
    CHECK(last_call(c) == Call::Op::shutdown);
}

TEST_CASE("a close that comes with a wiped tuple keeps what was known") {
    auto t = trace();
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "dialer"));
    t.as(edge).at(0).connect_enter().syn_sent().syn_out().timer_armed(1000).at(7000).error(ETIMEDOUT).wiped_close(TcpState::syn_sent);
    t.connect_exit(-ETIMEDOUT);
    const Story story = t.story();
    REQUIRE(story.connections.size() == 1);
    CHECK(story.connections[0].flow == edge.flow);
    CHECK(story.connections[0].ending == Ending::connect_timeout);
    CHECK(story.connections[0].error == ETIMEDOUT);
    CHECK(story.connections[0].owner.comm == "dialer");
}

TEST_CASE("records without cookie belong to the socket with their socket id") {
    auto t = trace();
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:80", task(7, "curl"));
    t.as(edge).at(0).socket_call().at(1).syn_sent();
    const Story story = t.story();
    REQUIRE(story.connections.size() == 1);
    CHECK(story.connections[0].cookie == edge.cookie);
    CHECK(story.connections[0].events.size() == 2);
}

TEST_CASE("a socket id that is used again is another connection") {
    auto t = trace();
    const End first = t.end("edge", "10.0.1.2:40000", "10.0.2.2:80", task(7, "curl"));
    End second = t.end("edge", "10.0.1.2:40001", "10.0.2.2:80", task(8, "wget"));
    second.socket_id = first.socket_id;
    t.as(first).at(0).socket_call().at(1).syn_sent().wiped_close(TcpState::syn_sent).destroy();
    t.as(second).at(2).socket_call().at(3).syn_sent();
    const Story story = t.story();
    REQUIRE(story.connections.size() == 2);
    CHECK(story.connections[1].owner.comm == "wget");
}

TEST_CASE("an accepted socket adopts its half-open connection") {
    auto t = trace();
    const End listener = t.listener("fe", "0.0.0.0:5061", task(50, "server"));
    End server = t.end("fe", "10.0.2.2:5061", "10.0.1.2:40000", task(50, "server"));
    server.peer_isn = 777;
    t.as(listener).at(0).listen_call();
    t.as(server).at(10).syn_in().syn_ack_out().at(11).state(TcpState::syn_recv, TcpState::established).at(12).accept(listener, 12);
    const Story story = t.story();
    REQUIRE(story.connections.size() == 2);
    const Connection& child = story.connections[1];
    CHECK_FALSE(child.embryonic);
    CHECK(child.cookie == server.cookie);
    CHECK(child.listener == story.connections[0].id);
    CHECK(child.accepted);
    CHECK(child.role == Role::server);
    CHECK(child.owner.comm == "server");
    CHECK(child.peer_isn == 777u);
    CHECK(kinds(child) == std::vector<const char*>{"packet", "packet", "state", "other"});
    CHECK(child.begin_ns == child.events.front().time_ns);
    CHECK(child.ending == Ending::open);
}

TEST_CASE("a half-open connection that a RST kills is one connection over all its SYNs") {
    auto t = trace();
    const End listener = t.listener("fe", "0.0.0.0:5061", task(50, "server"));
    End half = t.end("fe", "10.0.2.2:5061", "10.0.1.2:40000");
    half.peer_isn = 777;
    t.as(listener).at(0).listen_call();
    for (double ms : {10., 1010., 3010.}) t.as(half).at(ms).syn_in().syn_ack_out().rst_in();
    const Story story = t.story();
    REQUIRE(story.connections.size() == 2);
    const Connection& c = story.connections[1];
    CHECK(c.embryonic);
    CHECK(c.events.size() == 9);
    CHECK(c.ending == Ending::handshake_reset);
    CHECK(c.listener == 1);
}

TEST_CASE("a port used again quickly is another connection, told by its ISN") {
    auto t = trace();
    End first = t.end("edge", "10.0.1.2:40000", "10.0.2.2:80", task(7, "curl"));
    End first_server = t.opposite(first, "fe", task(9, "httpd"));
    End second = t.end("edge", "10.0.1.2:40000", "10.0.2.2:80", task(7, "curl"));
    End second_server = t.opposite(second, "fe", task(9, "httpd"));
    const auto life = [&](double ms, const End& client, const End& server) {
        t.as(client).at(ms).syn_sent().syn_out().timer_armed(1000);
        t.as(server).at(ms + .1).syn_in().syn_ack_out();
        t.as(client).at(ms + .2).syn_ack_in().state(TcpState::syn_sent, TcpState::established);
        t.as(server).at(ms + .3).state(TcpState::syn_recv, TcpState::established);
        t.as(client).at(ms + 1).state(TcpState::established, TcpState::close).rst_out().destroy();
        t.as(server).at(ms + 1.1).rst_in().reset_received().wiped_close(TcpState::established).destroy();
    };
    life(0, first, first_server);
    life(5, second, second_server);
    const Story story = t.story();
    REQUIRE(story.connections.size() == 4);
    REQUIRE(story.conversations.size() == 2);
    for (const Conversation& both : story.conversations)
        CHECK(story.connection(both.client)->local_isn == story.connection(both.server)->peer_isn);
    CHECK(story.unmatched.empty());
}

TEST_CASE("fork and passed fds make users, not owners") {
    auto t = trace();
    const End listener = t.listener("fe", "0.0.0.0:80", task(50, "master"));
    End child = t.end("fe", "10.0.2.2:80", "10.0.1.2:40000", task(51, "worker"));
    t.as(listener).at(0).listen_call();
    t.as(child).at(10).state(TcpState::syn_recv, TcpState::established).accept(listener);
    t.by(task(52, "helper")).at(20).shutdown_call();
    const Story story = t.story();
    REQUIRE(story.connections.size() == 2);
    CHECK(story.connections[0].owner.comm == "master");
    REQUIRE(story.connections[0].users.size() == 1);
    CHECK(story.connections[0].users[0].comm == "worker");
    CHECK(story.connections[1].owner.comm == "worker");
    REQUIRE(story.connections[1].users.size() == 1);
    CHECK(story.connections[1].users[0].comm == "helper");
}

TEST_CASE("on loopback each packet belongs to both ends, once each") {
    auto t = trace();
    End client = t.end("host", "127.0.0.1:40000", "127.0.0.1:80", task(7, "curl"));
    End server = t.opposite(client, "host", task(9, "httpd"));
    t.as(client).at(0).syn_sent().syn_out();
    t.as(server).syn_in().syn_ack_out();
    t.as(client).syn_ack_in().state(TcpState::syn_sent, TcpState::established);
    t.as(server).state(TcpState::syn_recv, TcpState::established);
    const Story story = t.story();
    REQUIRE(story.connections.size() == 2);
    CHECK(story.unmatched.empty());
    REQUIRE(story.conversations.size() == 1);
    CHECK(story.connection(story.conversations[0].client)->owner.pid == 7);
    CHECK(story.connection(story.conversations[0].server)->role == Role::server);
}

TEST_CASE("forwarded packets make no connection and can be found by their flow") {
    auto t = trace();
    const Flow flow{endpoint("10.0.1.2:40000"), endpoint("10.0.2.2:5061")};
    End in, out;
    in.witness = out.witness = t.witness("mid");
    in.flow = flow.reversed();
    in.peer_isn = out.isn = 777;
    out.flow = flow;
    End back_in = out, back_out = in;
    back_in.peer_isn = back_out.isn = 999;
    back_in.isn = back_out.peer_isn = 777;
    t.as(in).at(0).syn_in();
    t.as(out).syn_out();
    t.as(back_in).at(1).syn_ack_in();
    t.as(back_out).syn_ack_out();
    t.as(in).at(5).fin_in();
    t.as(out).fin_out();
    const Story story = t.story();
    CHECK(story.connections.empty());
    CHECK(story.unmatched_packets(flow).size() == 6);
}

TEST_CASE("a SYN to a closed port shows as a refused half-open connection") {
    auto t = trace();
    End knock = t.end("fe", "10.0.2.2:23", "192.0.2.9:40000");
    knock.peer_isn = 5;
    t.as(knock).at(0).syn_in().reset_without_socket("NO_SOCKET").rst_out();
    const Story story = t.story();
    REQUIRE(story.connections.size() == 1);
    CHECK(story.connections[0].ending == Ending::refused);
    CHECK(story.connections[0].embryonic);
    CHECK(story.connections[0].events.size() == 3);
}

TEST_CASE("connect() on the same socket after a failed attempt is a connection of its own") {
    auto t = trace();
    End first = t.end("edge", "10.0.1.2:40000", "10.0.2.2:80", task(7, "curl"));
    End second = first;
    second.flow.local.port = 40001;
    t.as(first).at(0).connect_enter().syn_sent().syn_out().timer_armed(1000).rst_in().reset_received().error(ECONNREFUSED);
    t.wiped_close(TcpState::syn_sent).connect_exit(-ECONNREFUSED);
    t.as(second).at(5).connect_enter().syn_sent().syn_out().timer_armed(1000);
    const Story story = t.story();
    REQUIRE(story.connections.size() == 2);
    CHECK(story.connections[0].ending == Ending::refused);
    CHECK(story.connections[1].flow.local.port == 40001);
    CHECK(story.connections[1].owner.comm == "curl");
    CHECK(story.connections[1].events.front().as<Call>());
}

TEST_CASE("SO_REUSEPORT: only accept() tells which listener") {
    auto t = trace();
    const End one = t.listener("fe", "0.0.0.0:80", task(50, "a"));
    const End two = t.listener("fe", "0.0.0.0:80", task(51, "b"));
    End known = t.end("fe", "10.0.2.2:80", "10.0.1.2:40000", task(51, "b"));
    End unknown = t.end("fe", "10.0.2.2:80", "10.0.1.2:40001");
    t.as(one).at(0).listen_call().as(two).listen_call();
    t.as(known).at(10).state(TcpState::syn_recv, TcpState::established).accept(two);
    t.as(unknown).at(11).state(TcpState::syn_recv, TcpState::established);
    const Story story = t.story();
    REQUIRE(story.connections.size() == 4);
    CHECK(story.connections[2].listener == 2);
    CHECK(story.connections[3].listener == 0);
}

TEST_CASE("an accept() without a known listener makes a listener that was there before") {
    auto t = trace();
    const End listener = t.listener("fe", "0.0.0.0:80");
    End child = t.end("fe", "10.0.2.2:80", "10.0.1.2:40000", task(51, "httpd"));
    t.as(child).at(10).state(TcpState::syn_recv, TcpState::established).accept(listener, 5);
    const Story story = t.story();
    REQUIRE(story.connections.size() == 2);
    const Connection& found = *story.connection(story.connections[1].listener ? story.connections[1].listener : 1);
    CHECK(found.is_listener());
    CHECK(found.owner.comm == "httpd");
}

TEST_CASE("a connection keeps its first and last events and counts the rest") {
    auto t = trace();
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:80", task(7, "curl"));
    t.as(edge).at(0).syn_sent();
    for (int i = 0; i < 1000; ++i) t.timer_armed(200);
    t.destroy();
    Limits limits;
    limits.max_events_per_connection = 100;
    const Story story = t.story(limits);
    const Connection& c = story.connections.at(0);
    CHECK(c.events.size() <= 100);
    CHECK(c.events.size() + c.events_dropped == 1002);
    CHECK(c.events.front().as<StateChange>());
    CHECK(c.events.back().as<Destroy>());
}

TEST_CASE("a queue that is over says nothing about a socket that is gone or was never seen") {
    auto t = trace();
    Session s = session(t);
    client_opens(t, s, 100);
    Queue queue;
    queue.what = Queue::What::send;
    t.as(s.client).at(1000).add(queue);
    closes_first(t, s.client, 2000);
    queue.over = true;
    t.at(3000).add(queue);
    const End stranger = t.end("edge", "10.0.1.2:41000", "10.0.2.2:5061");
    t.as(stranger).at(3000).add(queue);
    queue.over = false;
    const End found = t.end("edge", "10.0.1.2:42000", "10.0.2.2:5061");
    t.as(found).at(3100).add(queue);
    const Story story = t.story();
    REQUIRE(story.connections.size() == 2);
    CHECK(story.connections[0].has(sign::waited));
    CHECK(story.connections[0].end_ns < t.now() - 900'000'000);
    CHECK_FALSE(story.connections[0].preexisting);
    CHECK(story.connections[1].preexisting);
    CHECK(story.connections[1].events.size() == 1);
}

TEST_CASE("a drop goes to its socket, else to its tuple's connection, else to the flow's unmatched events") {
    auto t = trace();
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:80", task(7, "curl"));
    Drop out;
    out.outgoing = true;
    out.flags = tcp_flag::syn;
    t.as(edge).at(0).syn_sent().syn_out().timer_armed(1000).add(out);
    End bare = edge;
    bare.cookie = bare.socket_id = 0;
    t.as(bare).add(Drop{});
    End stranger = bare;
    stranger.flow.local.port = 1;
    t.as(stranger).add(Drop{});
    const Story story = t.story();
    REQUIRE(story.connections.size() == 1);
    CHECK(story.connections[0].has(sign::dropped));
    const auto& events = story.connections[0].events;
    CHECK(std::count_if(events.begin(), events.end(), [](const Event& event) { return event.as<Drop>(); }) == 2);
    CHECK(story.unmatched_events(stranger.flow).size() == 1);
    CHECK(story.unmatched_events(stranger.flow.reversed()).size() == 1);
    CHECK(story.unmatched_packets(stranger.flow).empty());
}

TEST_CASE("an ICMP error goes to the connection that it quotes; one that goes out is no sign for it; neighbours stand apart") {
    for (const bool outgoing : {false, true}) {
        auto t = trace();
        const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:80", task(7, "curl"));
        t.as(edge).at(0).syn_sent().syn_out().timer_armed(1000);
        End bare = edge;
        bare.cookie = bare.socket_id = 0;
        Icmp icmp;
        icmp.type = 3;
        icmp.outgoing = outgoing;
        t.as(bare).add(icmp).add(Neighbour{Neighbour::What::failed, 3, {}, {}, "eth0"});
        const Story story = t.story();
        REQUIRE(story.connections.size() == 1);
        CHECK(story.connections[0].events.back().as<Icmp>());
        CHECK(story.connections[0].has(sign::icmp_error) != outgoing);
        CHECK(story.neighbours.size() == 1);
    }
}

TEST_CASE("a failed route lookup belongs to the socket that has no cookie yet") {
    auto t = trace();
    const End edge = t.end("edge", "*:0", "10.0.2.2:80", task(7, "curl"));
    t.as(edge).at(0).socket_call().without_cookie().connect_enter();
    t.without_cookie().add(Route{Route::What::no_route, edge.task, ENETUNREACH, 254, true}).without_cookie().connect_exit(-ENETUNREACH).destroy();
    const Story story = t.story();
    REQUIRE(story.connections.size() == 1);
    CHECK(story.connections[0].has(sign::no_route));
    CHECK(story.connections[0].ending == Ending::connect_failed);
}

TEST_CASE("adopted connections keep what was judged of them, and are joined with ends of other witnesses") {
    TraceInfo info;
    info.witnesses.resize(2);
    Correlator correlator(info, Limits::offline());
    Connection client, server;
    client.flow = {{*Address::parse("10.0.0.1"), 4'000}, {*Address::parse("10.0.0.2"), 80}};
    client.role = Role::client;
    client.ending = Ending::timed_out;
    client.begin_ns = 5'000;
    client.end_ns = 9'000;
    client.local_isn = 77;
    server = client;
    server.flow = client.flow.reversed();
    server.role = Role::server;
    server.witness = 1;
    server.ending = Ending::open;
    server.local_isn = std::nullopt;
    server.peer_isn = 77;
    correlator.adopt({client});
    correlator.adopt({server});
    const Story& story = correlator.finish();
    REQUIRE(story.connections.size() == 2);
    CHECK(story.connections[1].id == 2);
    CHECK(story.connections[0].ending == Ending::timed_out);
    REQUIRE(story.other_end(story.connections[0]));
    CHECK(story.other_end(story.connections[0])->id == 2);
    CHECK(story.begin_ns == 5'000);
    CHECK(story.end_ns == 9'000);
}

TEST_CASE("a bind() that failed is nothing that waited in a queue") {
    auto t = trace();
    const End end = t.end("fe", "10.0.2.2:5061", "*:0", task(50, "server"));
    t.as(end).at(0).call(Call::Op::bind, Call::Phase::exit, -EADDRINUSE);
    const Story story = t.story();
    REQUIRE(story.connections.size() == 1);
    CHECK(story.connections[0].has(sign::bind_failed));
    CHECK_FALSE(story.connections[0].has(sign::waited));
}
