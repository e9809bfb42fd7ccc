"""A server is busy for 3 s, then takes all the connections that have come meanwhile: near miss of accept-queue-overflow and hung-service.

The accept queue fills and is emptied in time; nothing is dropped, nothing is found.
"""

import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family, backlog=32)
        yield
        time.sleep(3)
        for _ in range(20):
            connection, _ = listener.accept()
            traffic.receive(connection, 5)
            connection.sendall(b"hello")
            connection.close()

    def asking():
        connections = [traffic.connect(lab.address(server), 5061) for _ in range(20)]
        for connection in connections:
            connection.sendall(b"hello")
        for connection in connections:
            traffic.receive(connection, 5)
            connection.recv(1)
            connection.close()

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        client.run(asking)
        program.await_step()
        time.sleep(1.2)  # one more look

    lab.expect_nothing_else()
    told = [event for event in lab.report.of("event") if event["kind"] == "queue" and event.get("queue") == "listener"]
    assert any(event["accept_queue"] >= 19 for event in told), "the queue that filled was not seen"
