"""An IPv4 client of a server that listens on IPv6 for both: the server's socket says ::ffff:10.77.1.1, the packets say 10.77.1.1.

The server closes with unread data. Its socket is IPv6, the packets and the client are IPv4; tcpwitness must see one session:
one finding, not one for each end.
"""

import errno
import socket

import traffic

FAMILIES = (4,)


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = socket.create_server(("::", 5061), family=socket.AF_INET6, dualstack_ipv6=True)
        yield
        connection, _ = listener.accept()
        yield connection.getpeername()[0]
        connection.close()
        yield

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(b"a request that nobody reads")
        yield
        yield traffic.error_of(connection.recv, 100)

    program = server.start(frontend)
    with lab.record(client, server):
        asker = client.start(asking)
        assert program.step() == f"::ffff:{lab.address(client)}"
        program.step()
        assert asker.step() == errno.ECONNRESET

    lab.expect("reset-sent", culprit="local-application", certainty=lab.when_told, count=1, mentions=["frontend"])
    lab.expect_nothing_else()
