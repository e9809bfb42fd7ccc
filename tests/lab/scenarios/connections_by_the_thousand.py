"""The near miss of a flood: 3,000 connections within a second or two, from one address, each of them made and closed in good order.

As many SYNs as a flood would be, but each becomes a connection: every one is recorded in full, and nothing is only counted.
"""

import flood
import traffic

CONNECTIONS = 3_000


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family, backlog=CONNECTIONS)
        yield
        traffic.accept_and_outlast(listener, CONNECTIONS)
        yield

    def asking():
        for _ in range(CONNECTIONS):
            traffic.connect(lab.address(server), 5061).close()

    program = server.start(frontend)
    with lab.record(client, server) as recorder:
        program.go()
        client.run(asking, name="asking")
        program.await_step()
        server.run(traffic.await_closed, 5061)

    assert ", 0 lost" in recorder.text and "counted instead" not in recorder.text, recorder.text
    lab.read_report()
    flood.assert_complete(lab, client, "client", CONNECTIONS)
    flood.assert_complete(lab, server, "server", CONNECTIONS)
    assert not [event for event in lab.report.of("event") if event["kind"] == "repeats"]
    lab.expect_nothing_else()
