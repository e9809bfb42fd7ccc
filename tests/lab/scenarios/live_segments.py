"""`live --segments --pid` says while it goes on that small writes wait for a delayed ACK.

One process writes its messages in two pieces, over loopback, where one namespace holds both ends. It is chosen by its pid, so its segments are
recorded and found on both sides of the one device that they pass.
"""

import traffic

ROUNDS = 10


def scenario(lab):
    host = lab.host("host")
    address = traffic.LOOPBACK[lab.family]

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        for _ in range(ROUNDS):
            traffic.receive(connection, 8)
            connection.sendall(b"answer")
        connection.recv(1)
        connection.close()

    def asking():
        yield
        connection = traffic.connect(address, 5061)
        for _ in range(ROUNDS):
            connection.sendall(b"head")
            connection.sendall(b"body")
            traffic.receive(connection, 6)
        yield
        connection.close()

    program, asker = host.start(frontend), host.start(asking)
    with lab.live(options=("--segments", "--pid", str(asker.pid))) as live:
        program.go()
        asker.step()
        line = live.await_lines(1, 5)[0]
        asker.finish()
        program.await_step()

    assert live.lines == [line], f"more than one line: {live.lines}"
    for word in ("likely", "local-application", "nagle-delayed-ack", "asking"):
        assert word in line, f"'{word}' is not in: {line}"
