"""A reader that is slow on purpose: it takes 64 KB every 0.4 s, and its window is closed most of the time. It never stops, so it is no stall.

Seen by both hosts its own reading shows it. The sender alone sees the window close and open again.
"""

import socket
import time

import traffic

LIMIT = 120


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        yield
        connection, _ = listener.accept()
        while connection.recv(1 << 16):
            time.sleep(0.4)
        connection.close()

    def sending():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(bytes(4 << 20))
        connection.close()

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        client.run(sending)
        program.await_step()

    lab.expect_nothing_else()
