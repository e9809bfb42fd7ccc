"""A flood of SYNs to a port where somebody listens, and real connections to the same port in the midst of it.

Each SYN is answered with a SYN-ACK. Half of the sources do not exist; the others' host answers with RST. The recorder takes the first ones of
each second and counts the rest, exactly: what it recorded and what it counted of SYNs, SYN-ACKs and RSTs are what the front end's firewall
counted. The connections are there from their SYN on: the recorder keeps packets of handshakes until it is known what comes of them.
"""

import flood
import traffic

FAMILIES = (4,)
SYNS = 60_000
PORT = 5061
CONNECTIONS = 100


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(ip_local_port_range="61100 65000")  # not those of the flood, which comes from its address too
    server.sysctl(tcp_synack_retries=0)  # else some are sent again while the recorder ends
    server.ip(f"route add 10.99.0.0/16 via {lab.address(client)}")
    server.nft(flood.COUNTERS)
    sources = [source for number in range(100) for source in (f"10.99.{number}.{number + 1}", lab.address(client))]

    def frontend():
        listener = traffic.listen(PORT, lab.family)
        yield
        flood.answer(listener, CONNECTIONS)
        yield

    def flooding():
        yield
        flood.send(flood.syns(sources, lab.address(server), PORT, SYNS // 3), lab.address(server))
        yield  # the flood is under way
        flood.send(flood.syns(sources, lab.address(server), PORT, SYNS - SYNS // 3, first=SYNS // 3), lab.address(server))

    program, flooder = server.start(frontend), client.start(flooding)
    with lab.record(client, server) as recorder:
        flooder.step()
        program.go()
        flooder.go()
        client.run(flood.ask, lab.address(server), PORT, CONNECTIONS, name="asking")
        program.await_step()
        flooder.await_step()
        passed = flood.passed(server)

    report = lab.read_report()
    flood.assert_bounded(lab, recorder)
    assert passed["SYN"] == SYNS + CONNECTIONS and passed["RST"] > SYNS * 0.4, passed
    flood.assert_all_told(lab, server, "SYN", "in", "handshake_in", PORT, passed["SYN"])
    flood.assert_all_told(lab, server, "SYN-ACK", "out", "handshake_out", PORT, passed["SYN-ACK"])
    flood.assert_all_told(lab, server, "RST", "in", "packet_in", PORT, passed["RST"])
    recorded, counted = flood.recorded_and_counted(report, "reset_sent", "reset_sent")
    assert recorded + counted == passed["RST"], f"{recorded} resets recorded and {counted} counted, but {passed['RST']} sent"
    flood.assert_complete(lab, client, "client", CONNECTIONS)
    flood.assert_complete(lab, server, "server", CONNECTIONS)
    lab.expect("handshake-incomplete", culprit="peer-host", certainty="proven", count=SYNS, mentions=["flood", f"port {PORT}", "10.77.1.0/24"])
    lab.expect("reset-sent", culprit="peer-host", certainty="proven", mentions=["flood"])
    lab.expect_nothing_else()
