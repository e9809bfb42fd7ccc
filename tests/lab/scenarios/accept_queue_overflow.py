"""A server with a backlog of 2 takes a connection every 400 ms, and 12 clients come at once.

The kernel keeps three complete connections for it and drops the rest of the handshakes; the clients' SYNs go out again a second later
and later still. Each is served in the end. accept-queue-overflow, proven: the process, the limit, how much was dropped.
"""

import time

import traffic

CLIENTS = 12


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family, backlog=2)
        yield
        for _ in range(CLIENTS):
            connection, _ = listener.accept()
            traffic.receive(connection, 5)
            connection.sendall(b"hello")
            connection.close()
            time.sleep(0.4)

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(b"hello")
        traffic.receive(connection, 5)
        connection.recv(1)
        connection.close()

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        askers = [client.begin(asking) for _ in range(CLIENTS)]
        for asker in askers:
            asker.await_step()
        program.await_step()

    found = lab.expect("accept-queue-overflow", culprit="local-application", certainty="proven", count=1, mentions=["frontend", program.pid, 5061])
    assert any("beyond 2" in reason for reason in found["reasons"]), f"the limit is not told: {found['reasons']}"
    lab.expect_nothing_else()
    lab.example("accept-queue-overflow")
