"""A receiver pauses for 300 ms, ten times, with its window closed each time: near miss of zero-window-stall. Nothing is found."""

import socket
import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        yield
        connection, _ = listener.accept()
        received = 0
        while received < 4 << 20:
            if received % (400 << 10) < 65536:
                time.sleep(0.3)
            part = connection.recv(65536)
            if not part:
                break
            received += len(part)
        connection.close()

    def sending():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(bytes(4 << 20))
        connection.recv(1)
        connection.close()

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        client.run(sending)
        program.await_step()

    lab.expect_nothing_else()
    limited = [event.get("rwnd_limited_ms", 0) for event in lab.report.of("event") if event["kind"] == "destroy"]
    assert max(limited) > 1000, f"the sender was never held back by the window: {limited} ms"
