"""The first connect with data in its SYN takes a second longer: a device on the way drops SYNs that carry TCP Fast Open's cookie.

The client got its cookie on another path. Its SYN with cookie and data is lost; after a second the kernel sends a plain SYN, and all goes well. Only the
client is recorded.
"""

import socket
import time

import traffic
from judge import expected

SOURCE = "dotnet/runtime #1476, shadowsocks/shadowsocks-libev #1669: middleboxes drop SYNs with a Fast Open cookie"
RIGHT = [expected("handshake-slow", ("path", "peer-host"), at_most="likely")]
ACCEPTABLE = []

TCP_FASTOPEN = 23
MSG_FASTOPEN = 0x20000000


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    server.sysctl(tcp_fastopen=3)
    client.sysctl(tcp_fastopen=1)

    def service():
        listener = traffic.listen(8388, lab.family)
        listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
        yield
        for _ in range(2):
            connection, _ = listener.accept()
            connection.sendall(traffic.receive(connection, 5))
            connection.recv(1)
            connection.close()

    def ask():
        connection = socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM)
        began = time.monotonic()
        connection.sendto(b"hello", MSG_FASTOPEN, (lab.address(server), 8388))
        assert traffic.receive(connection, 5) == b"hello"
        connection.close()
        return time.monotonic() - began

    program = server.start(service)
    program.go()
    client.run(ask)
    mid.nft("table inet t { chain f { type filter hook forward priority 0; tcp flags syn tcp option fastopen exists drop\n}\n}")
    with lab.record(client):
        assert client.run(ask, name="ss-local") > 0.9
    program.await_step()
