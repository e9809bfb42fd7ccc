"""HEALTHY: TCP Fast Open works: data in the SYN, and the answer before the handshake is complete. Both ends are recorded."""

import socket

import traffic
from judge import NONE

SOURCE = "RFC 7413; haproxy/haproxy #175 and others who turn tfo on"
RIGHT = NONE

TCP_FASTOPEN = 23
MSG_FASTOPEN = 0x20000000


def scenario(lab):
    client, server = lab.pair()
    server.sysctl(tcp_fastopen=3)
    client.sysctl(tcp_fastopen=1)

    def service():
        listener = traffic.listen(8388, lab.family)
        listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
        yield
        for _ in range(4):
            connection, _ = listener.accept()
            connection.sendall(traffic.receive(connection, 5))
            connection.recv(1)
            connection.close()

    def ask():
        for _ in range(4):
            connection = socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM)
            connection.sendto(b"hello", MSG_FASTOPEN, (lab.address(server), 8388))
            assert traffic.receive(connection, 5) == b"hello"
            connection.close()

    program = server.start(service)
    with lab.record(client, server):
        program.go()
        client.run(ask)
        program.await_step()
