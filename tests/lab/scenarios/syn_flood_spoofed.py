"""A flood of SYNs from addresses that nobody has: the RSTs that answer it reach a host that throws them away (backscatter).

The client's kernel drops each of them (IP_INADDRERRORS), without a socket. The recorder takes the first ones of each second and counts the
rest, exactly: what it recorded of drops and what it counted are together what the server's kernel says it sent. The trace stays small.
"""

import flood

FAMILIES = (4,)
SYNS = 30_000
PORT = 81
SPOOFED = [f"10.99.{number}.{number + 1}" for number in range(200)]


def scenario(lab):
    client, server = lab.pair()
    server.ip(f"route add 10.99.0.0/16 via {lab.address(client)}")

    def frontend():
        before = flood.resets_sent()
        yield
        yield flood.resets_sent() - before

    def flooding():
        flood.send(flood.syns(SPOOFED, lab.address(server), PORT, SYNS), lab.address(server))

    program = server.start(frontend)
    with lab.record(client, server) as recorder:
        client.run(flooding)
        sent = program.step()

    flood.assert_bounded(lab, recorder)
    assert sent >= SYNS * 0.9, f"only {sent} RSTs were sent"
    report = lab.read_report()
    recorded, counted = flood.recorded_and_counted(report, "drop", "drop")
    assert recorded + counted == sent and counted, f"{recorded} drops recorded and {counted} counted, but {sent} RSTs sent"
    lab.expect("reset-sent", culprit="peer-host", certainty="proven", count=sent, mentions=["flood", f"port {PORT}"])
