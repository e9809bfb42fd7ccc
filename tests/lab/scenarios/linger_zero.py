"""A client aborts connections on purpose: SO_LINGER with time 0, then close().

close() sends RST at once; the server's read ends with ECONNRESET. tcpwitness must name the client's program, once for all
five connections: reset-sent, local-application, proven.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        while True:
            connection, _ = listener.accept()
            yield connection.recv(5)
            yield traffic.error_of(connection.recv, 5)
            connection.close()

    def aborting():
        while True:
            connection = traffic.connect(lab.address(server), 5061)
            connection.sendall(b"hello")
            yield
            traffic.close_with_reset(connection)
            yield

    program = server.start(frontend)
    with lab.record(client, server):
        aborter = client.start(aborting)
        for turn in range(5):
            if turn:
                aborter.step()
            assert program.step() == b"hello"
            aborter.step()
            assert program.step() == errno.ECONNRESET
        program.kill()

    lab.expect("reset-sent", culprit="local-application", certainty=lab.when_told, count=5, mentions=["aborting"])
    lab.expect_nothing_else()
    for event in lab.report.of("event"):
        assert event.get("unacknowledged_bytes", 0) <= 5, f"{event['unacknowledged_bytes']} bytes of 5: {event['sentence']}"
    for event in (event for event in lab.report.of("event") if event["kind"] == "destroy" and "received_bytes" in event):
        assert event["received_bytes"] in (0, 5) and event["acked_bytes"] in (0, 5), event
