"""A flood of SYNs to a port where somebody listens, and real connections to the same port in the midst of it.

Each SYN is answered with a SYN-ACK. Half of the sources do not exist; the others' host answers with RST. The recorder takes the first ones of
each second and counts the rest, exactly: what it recorded and what it counted of SYNs, SYN-ACKs and RSTs are what the front end's firewall
counted. The connections are there from their SYN on: the recorder keeps packets of handshakes until it is known what comes of them.
"""

import flood

FAMILIES = (4,)
SYNS = 60_000
PORT = 5061
CONNECTIONS = 100


def scenario(lab):
    client, server = lab.pair()
    server.ip(f"route add 10.99.0.0/16 via {lab.address(client)}")
    server.nft(flood.COUNTERS)
    recorder, passed = flood.around_connections(lab, client, server, (client, server), PORT, SYNS, CONNECTIONS)

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
