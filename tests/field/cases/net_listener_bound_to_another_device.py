"""A service that listens is refused: its socket is bound to one device (SO_BINDTODEVICE), and the client comes in over another.

`ss` shows the listener on all addresses, with the device behind a percent sign. The server is recorded.
"""

import errno
import socket

import traffic
from judge import expected

SOURCE = "socket(7) on SO_BINDTODEVICE; ss(8), 'address%device'; dnsmasq's bind-dynamic, haproxy's `interface` keyword"
RIGHT = [expected(("connect-refused", "reset-sent"), ("local-configuration", "local-application"), at_least="likely", mentions=["to-backup", "resolver"])]
ACCEPTABLE = [[expected(("connect-refused", "reset-sent"), ("local-configuration", "local-application"), mentions=["resolver"])]]


def scenario(lab):
    client, server = lab.pair()
    backup = lab.host("backup")
    lab.cable(server, backup, 3)

    def service():
        listener = socket.socket(traffic.KIND[lab.family])
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"to-backup\0")
        listener.bind(("", 53))
        listener.listen()
        yield
        listener.close()

    program = server.start(service, name="resolver")
    with lab.record(server):
        assert client.run(traffic.connect_error, lab.address(server), 53) == errno.ECONNREFUSED
    program.finish()
