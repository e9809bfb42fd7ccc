"""HEALTHY: a client with few local ports uses each of them again at once, and its SYNs meet TIME_WAIT on the server, which lets them in.

The server closes first, so TIME_WAIT is on its side; the new SYN's number and timestamp are larger than the old connection's, and the kernel starts the
new one. Both ends are recorded.
"""

import traffic
from judge import NONE

SOURCE = "'Coping with the TCP TIME-WAIT state on busy Linux servers', vincent.bernat.ch; RFC 6191"
RIGHT = NONE


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(ip_local_port_range="40000 40003")

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        for _ in range(16):
            connection, _ = listener.accept()
            connection.sendall(traffic.receive(connection, 5))
            connection.close()

    def asking():
        for _ in range(16):
            connection = traffic.connect(lab.address(server), 8080)
            connection.sendall(b"hello")
            assert traffic.receive(connection, 6) == b"hello"
            connection.close()

    program = server.start(service)
    with lab.record(client, server):
        program.go()
        client.run(asking)
        program.await_step()
