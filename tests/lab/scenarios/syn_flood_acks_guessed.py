"""A flood of SYNs that this host forwards, each followed by ACKs whose numbers were only guessed.

An ACK that names the number of the SYN-ACK says that its sender got it, and that is all a host that forwards can know of a connection. Whoever
made up his address has not got it: his ACKs must not bring the flood into the trace, neither those with a number out of the air nor those with 0.
"""

import flood
import traffic

FAMILIES = (4,)
SYNS = 20_000
PORT = 5061


def scenario(lab):
    client, router, server = lab.chain("client", "router", "server")
    server.sysctl(tcp_synack_retries=0)
    router.ip(f"route add 10.99.0.0/16 via {lab.address(client)}")
    sources, target = [f"10.99.{number}.{number + 1}" for number in range(200)], lab.address(server)

    def frontend():
        listener = traffic.listen(PORT, lab.family)
        yield
        listener.close()

    def flooding():
        for first in range(0, SYNS, 100):  # soon after their SYNs, as long as those wait
            flood.send(flood.syns(sources, target, PORT, 100, first), target)
            for guess in (0, 0x12345678):
                flood.send(flood.syns(sources, target, PORT, 100, first, flood.ACK, guess), target)

    program = server.start(frontend)
    with lab.record(router) as recorder:
        client.run(flooding)
    program.step()

    report = lab.read_report()
    flood.assert_bounded(lab, recorder)
    counted = sum(event["count"] for event in report.of("event")
                  if event["kind"] == "repeats" and event["what"] == "handshake_in" and event.get("network.local.port") == PORT)
    recorded = sum(event["kind"] == "packet" and event["flags"] == "SYN" and event["direction"] == "in" for event in report.of("event"))
    assert recorded + counted == SYNS and counted > SYNS / 4, f"{recorded} SYNs recorded, {counted} counted, {SYNS} sent"
