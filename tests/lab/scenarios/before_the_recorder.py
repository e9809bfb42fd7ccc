"""Sockets that existed before the recorder was started.

The listener, and a connection that is open when the recording begins, are known only from the snapshot of the kernel's sockets.
Then the server's program aborts the connection: tcpwitness must still name that program, and the client's.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        traffic.close_with_reset(connection)
        yield

    def reading():
        connection = traffic.connect(lab.address(server), 5061)
        yield
        yield traffic.error_of(connection.recv, 1)

    program = server.start(frontend)
    reader = client.start(reading)
    program.step()
    with lab.record(client, server):
        program.step()
        assert reader.step() == errno.ECONNRESET

    lab.expect("reset-sent", culprit="local-application", certainty=lab.when_told, count=1, mentions=["frontend", program.pid])
    lab.expect_nothing_else()
    owners = [connection.get("process.pid") for connection in lab.connections(client)]
    assert owners == [reader.pid], f"the client's connection belongs to {owners}, not to {reader.pid}"
