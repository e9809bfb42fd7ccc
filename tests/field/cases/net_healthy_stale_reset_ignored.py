"""HEALTHY: a reset with an old sequence number arrives in an open session; the kernel ignores it, and the session goes on to its end.

Load balancers send such for flows that they took for dead. RFC 5961 asks to ignore them. Both ends are recorded.
"""

import raw_segments
import traffic
from judge import NONE

SOURCE = "RFC 5961, section 3; the kernel's TCPChallengeACK counters"
RIGHT = NONE


def scenario(lab):
    client, server = lab.pair()

    def service():
        listener = traffic.listen(7000, lab.family)
        yield
        connection, _ = listener.accept()
        while data := connection.recv(100):
            connection.sendall(data)
        connection.close()

    def session():
        connection = traffic.connect(lab.address(server), 7000)
        for number in range(10):
            connection.sendall(b"ping")
            assert traffic.receive(connection, 4) == b"ping"
            if number == 4:
                raw_segments.send(lab.address(client), connection.getsockname()[1], lab.address(server), 7000, raw_segments.RST, 1000)
        connection.close()

    program = server.start(service)
    program.go()
    with lab.record(client, server):
        client.run(session)
        program.await_step()
