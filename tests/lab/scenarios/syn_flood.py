"""A flood of SYNs to a port where nobody listens, and one connection that matters in the midst of it.

Each SYN is answered with a RST. Recorded one by one, the flood would fill the disk and push everything else out of the buffer. The recorder
takes the first ones of each second and counts the rest, exactly: what it recorded and what it counted add up to what the front end's kernel
says it sent (OutRsts). The connection to another port is there with every event, nothing is lost, and the finding tells the flood's size.
"""

import flood
import traffic

FAMILIES = (4,)
SYNS = 60_000
PORT = 81


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        before = flood.resets_sent()
        yield
        flood.answer(listener)
        yield
        yield flood.resets_sent() - before

    def flooding():
        flood.send(flood.syns([lab.address(client)], lab.address(server), PORT, SYNS), lab.address(server))

    program = server.start(frontend)
    with lab.record(client, server) as recorder:
        flooders = client.begin(flooding)
        program.go()
        client.run(flood.ask, lab.address(server), 5061, name="asking")
        program.await_step()
        flooders.await_step()
        sent = program.step()

    flood.assert_bounded(lab, recorder)
    assert sent >= SYNS * 0.9, f"only {sent} RSTs were sent"
    report = lab.read_report()
    recorded, counted = flood.recorded_and_counted(report, "reset_sent", "reset_sent")
    assert recorded + counted == sent, f"{recorded} recorded and {counted} counted, but {sent} sent"
    lab.expect("reset-sent", culprit="peer-host", certainty="proven", count=sent, mentions=["flood", f"port {PORT}", "10.77.1.0/24"])
    lab.expect_nothing_else()

    flood.assert_complete(lab, client, "client")
