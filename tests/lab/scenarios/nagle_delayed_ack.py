"""Small writes wait for a delayed ACK, at every message, until the application sets TCP_NODELAY.

The client writes each message in two pieces and then waits for the answer. Its kernel holds the second piece back until the
first is acknowledged, and the server's kernel delays that ACK by 40 ms, because the server waits for the rest. A second client does the
same with TCP_NODELAY, a third writes each message at once: nobody waits there, and nothing is said.
"""

import socket

import traffic

ROUNDS = 10


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        for _ in range(3):
            connection, _ = listener.accept()
            for _ in range(ROUNDS):
                traffic.receive(connection, 8)
                connection.sendall(b"answer")
            connection.recv(1)
            connection.close()

    def asking(pieces, nodelay=False):
        connection = traffic.connect(lab.address(server), 5061)
        if nodelay:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(ROUNDS):
            for piece in pieces:
                connection.sendall(piece)
            traffic.receive(connection, 6)
        connection.close()

    program = server.start(frontend)
    with lab.record(client, server, options=("--port", "5061", "--segments")):
        program.go()
        client.run(asking, (b"head", b"body"), name="pieces")
        client.run(asking, (b"head", b"body"), True, name="nodelay")
        client.run(asking, (b"headbody",), name="whole")

    lab.expect("nagle-delayed-ack", culprit="local-application", certainty="likely", count=1, mentions=["pieces", "4"])
    lab.example("nagle-delayed-ack")
    lab.expect_nothing_else()
