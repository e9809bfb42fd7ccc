"""A flood of SYNs that this host only forwards, and real connections through it in the midst of it.

A router, or a host with containers, has no socket for what it passes on, so nothing in its kernel says which handshake became a connection. The
recorder takes the first ones of each second and keeps the rest, until an ACK passes that names the number of the SYN-ACK: whoever sends it has
got it. Those are recorded from their SYN on; the others are counted, exactly: what was recorded and what was counted of SYNs and SYN-ACKs, on
their way in and out, is what the router's firewall counted. Half of the sources do not exist; the others' host answers the SYN-ACK with RST.
"""

import flood

FAMILIES = (4,)
SYNS = 40_000
PORT = 5061
CONNECTIONS = 50

COUNTERS = """
    table inet flood {
      counter SYN { }
      counter SYN-ACK { }
      counter RST { }
      chain forward {
        type filter hook forward priority 0;
        tcp flags & (syn | ack) == syn counter name SYN
        tcp flags & (syn | ack) == (syn | ack) counter name SYN-ACK
        tcp flags & rst == rst counter name RST
      }
    }
"""


def scenario(lab):
    client, router, server = lab.chain("client", "router", "server")
    router.ip(f"route add 10.99.0.0/16 via {lab.address(client)}")
    router.nft(COUNTERS)
    recorder, passed = flood.around_connections(lab, client, server, (router,), PORT, SYNS, CONNECTIONS)

    report = lab.read_report()
    flood.assert_bounded(lab, recorder)
    assert passed["SYN"] == SYNS + CONNECTIONS and passed["RST"] > SYNS * 0.4, passed
    packets = [event for event in report.of("event") if event["kind"] == "packet"]
    repeats = [event for event in report.of("event") if event["kind"] == "repeats"]
    for flags, whats, number in (("SYN", ("handshake_in", "handshake_out"), passed["SYN"]), ("SYN-ACK", ("handshake_in", "handshake_out"), passed["SYN-ACK"]),
                                 ("RST", ("packet_in", "packet_out"), passed["RST"])):
        for direction, what in zip(("in", "out"), whats):
            # the port that the flood is about stands on the server's side: this host's for what the server sends out or the client sends in
            own = (flags == "SYN-ACK") == (direction == "out")
            port = "network.local.port" if own else "network.peer.port"
            recorded = sum(event["flags"] == flags and event["direction"] == direction for event in packets)
            counted = sum(event["count"] for event in repeats if event["what"] == what and event.get(port) == PORT)
            assert recorded + counted == number and counted, f"{direction} {flags}: {recorded} recorded, {counted} counted, {number} passed"
    told = {}
    for event in packets:
        ends = sorted([(event["network.local.address"], event["network.local.port"]), (event["network.peer.address"], event["network.peer.port"])])
        told.setdefault(tuple(ends), []).append((event["flags"], event["direction"]))
    whole = [each for each in told.values() if ("FIN-ACK", "in") in each]
    assert len(whole) == CONNECTIONS, len(whole)
    for each in whole:
        assert {("SYN", "in"), ("SYN", "out"), ("SYN-ACK", "in"), ("SYN-ACK", "out")} <= set(each), each
    lab.expect("handshake-incomplete", culprit="peer-host", certainty="proven", mentions=["flood", "through", f"port {PORT}", "10.77.1.0/24"])
    lab.expect_nothing_else()
