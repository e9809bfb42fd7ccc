"""An open connection is reset by the peer, seen from the receiving host alone.

The server's program aborts. The client's host knows that a RST came in ESTABLISHED and looks like the rest of the flow, so it
was not forged; who at the peer decided it, only the peer's own trace can tell: reset-received.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        connection.sendall(b"welcome")
        yield
        traffic.close_with_reset(connection)
        yield

    def reading():
        connection = traffic.connect(lab.address(server), 5061)
        traffic.receive(connection, 7)
        yield
        yield traffic.error_of(connection.recv, 1)

    program = server.start(frontend)
    with lab.record(client):
        reader = client.begin(reading)
        program.step()
        reader.await_step()
        program.step()
        assert reader.step() == errno.ECONNRESET

    lab.expect("reset-received", count=1, mentions=["reading"])
    lab.example("reset-received")
    lab.expect_nothing_else()
