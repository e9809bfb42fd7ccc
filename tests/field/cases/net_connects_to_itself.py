"""A client that polls a local port until the server is up connects to itself, and then the server cannot start.

The port lies in ip_local_port_range. Sooner or later connect() picks the very port as source; the SYN meets its own socket, and the connection is open at
both its ends. The server's bind() then fails with EADDRINUSE. The host is recorded.
"""

import errno
import socket

import traffic
from judge import expected

SOURCE = "'TCP simultaneous open and self connect prevention', Stack Overflow 5139808; 'Self connects', goodenoughsoftware.net"
RIGHT = [expected("port-exhaustion", "local-configuration", at_least="likely", mentions=["broker", "poller"])]
ACCEPTABLE = [
    [expected("port-exhaustion", ("local-configuration", "local-application"), mentions=["broker"])],
]
BESIDE = [
    expected("connect-refused", ("local-configuration", "local-application")),
    expected(("endpoint-down", "endpoint-up"), ("unknown", "local-configuration")),
]


def scenario(lab):
    host = lab.host("host")
    host.sysctl(ip_local_port_range="40000 40007")
    there = traffic.LOOPBACK[lab.family]

    def poller():
        for _ in range(10_000):
            connection = socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM)
            if connection.connect_ex((there, 40004)) == 0:
                break
            connection.close()
        own, peer = connection.getsockname(), connection.getpeername()
        yield own == peer
        connection.close()

    def broker():
        listener = socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        error = traffic.error_of(listener.bind, (there, 40004))
        listener.close()
        return error

    with lab.record(host):
        polling = host.begin(poller)
        assert polling.await_step(), "connected, but not to itself"
        assert host.run(broker) == errno.EADDRINUSE
        polling.finish()
