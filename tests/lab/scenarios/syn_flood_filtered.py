"""A flood of SYNs to a port that the front end's own firewall drops, and one connection that matters in the midst of it.

Recorded one by one, each would be a packet and a drop. The recorder takes the first ones of each second and counts the rest, exactly: what it
recorded and what it counted are what the firewall's rules counted. The connection to another port is there with every event. That a firewall
keeps SYNs off a port is what it is there for: no finding.
"""

import flood
import traffic

FAMILIES = (4,)
SYNS = 60_000
PORT = 81
DROP = f"""
    table inet door {{
      counter dropped {{ }}
      chain in {{
        type filter hook input priority 0;
        tcp dport {PORT} counter name dropped drop
      }}
    }}
"""


def scenario(lab):
    client, server = lab.pair()
    server.nft(flood.COUNTERS)
    server.nft(DROP)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        flood.answer(listener)
        yield

    def flooding():
        flood.send(flood.syns([lab.address(client)], lab.address(server), PORT, SYNS), lab.address(server))

    program = server.start(frontend)
    with lab.record(client, server) as recorder:
        flooders = client.begin(flooding)
        program.go()
        client.run(flood.ask, lab.address(server), 5061, name="asking")
        program.await_step()
        flooders.await_step()
        passed = flood.passed(server)

    report = lab.read_report()
    flood.assert_bounded(lab, recorder)
    assert passed["dropped"] == SYNS and passed["SYN"] == SYNS + 1, passed
    flood.assert_all_told(lab, server, "SYN", "in", "handshake_in", PORT, SYNS)
    recorded, counted = flood.recorded_and_counted(report, "drop", "drop")
    assert recorded + counted == SYNS and counted, f"{recorded} drops recorded and {counted} counted, but {SYNS} made"
    flood.assert_complete(lab, client, "client")
    flood.assert_complete(lab, server, "server")
    lab.expect_nothing_else()
