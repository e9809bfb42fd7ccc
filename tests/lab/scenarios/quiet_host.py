"""A quiet host: a listener, an idle connection, one that keeps alive. Nothing happens, and nothing is found."""

import socket
import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connections = [listener.accept()[0] for _ in range(2)]
        yield
        for connection in connections:
            connection.close()

    def idling():
        connections = [traffic.connect(lab.address(server), 5061) for _ in range(2)]
        connections[1].setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connections[1].setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        connections[1].setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        yield
        for connection in connections:
            connection.close()

    program = server.start(frontend)
    client.start(idling)
    program.step()
    with lab.record(client, server):
        time.sleep(4)

    lab.expect_nothing_else()
