"""Servers that are slow, quiet or asked for nothing, and clients that only push: nothing is found.

The server answers after 2 s; the client closes its half and reads the answer; a connection stays idle for 7 s after its last
answer; a client pushes lines 6 s apart to a service that only takes data, and closes in the end.
"""

import socket
import time

import traffic

LIMIT = 120


def scenario(lab):
    client, server = lab.pair()

    def serve(listener, connection, answer_after):
        if answer_after is None:
            while connection.recv(100):
                pass
        else:
            request = traffic.receive(connection, 5)
            time.sleep(answer_after)
            connection.sendall(request)
            connection.recv(1)
        connection.close()

    def frontend():
        asked, pushed = traffic.listen(5061, lab.family), traffic.listen(5062, lab.family)
        yield
        for answer_after in (2, 2, 0):
            serve(asked, asked.accept()[0], answer_after)
        serve(pushed, pushed.accept()[0], None)

    def asking():
        for then in ("close", "half close", "idle"):
            connection = traffic.connect(lab.address(server), 5061)
            connection.sendall(b"hello")
            if then == "half close":
                connection.shutdown(socket.SHUT_WR)
            traffic.receive(connection, 5)
            if then == "idle":
                time.sleep(7)
            connection.close()
        connection = traffic.connect(lab.address(server), 5062)
        for _ in range(3):
            connection.sendall(b"a line of a log")
            time.sleep(6)
        connection.close()

    program = server.start(frontend)
    with lab.record(client, server, options=("--port", "5061,5062", "--segments")):
        program.go()
        client.run(asking)
        program.await_step()

    lab.expect_nothing_else()
