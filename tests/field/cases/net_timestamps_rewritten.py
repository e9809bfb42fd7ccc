"""A firewall that writes its own TCP timestamps fails over, and the server throws away everything that the client sends from then on.

The stand-by unit writes smaller timestamps than the active one did. The server's kernel takes every segment for an old duplicate (PAWS), drops it and
repeats its last ACK; the client retransmits until TCP_USER_TIMEOUT is over. Both ends are recorded; the device between them is not.
"""

import errno
import socket

import traffic
from judge import expected

SOURCE = "'NAT: many different TCP timestamps through NAT device cause server to drop packets (PAWS)', Server Fault; 'PAWS dropped SYNs', ExtraHop's blog"
RIGHT = [expected(("user-timeout", "local-drop", "retransmission-timeout", "loss-stall"), "path", at_least="likely", mentions=["PAWS"])]
ACCEPTABLE = [
    [expected(("user-timeout", "local-drop", "retransmission-timeout", "loss-stall", "unexplained"), ("path", "unknown"), at_most="likely")],
]

TCP_TIMESTAMP = 24


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")

    def service():
        listener = traffic.listen(5432, lab.family)
        yield
        connection, _ = listener.accept()
        connection.sendall(traffic.receive(connection, 5))
        yield
        connection.close()

    def asking():
        connection = traffic.connect(lab.address(server), 5432)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 3000)
        connection.sendall(b"hello")
        traffic.receive(connection, 5)
        yield connection.getsockopt(socket.IPPROTO_TCP, TCP_TIMESTAMP)
        connection.sendall(b"again")
        yield traffic.error_of(connection.recv, 5)

    program = server.start(service)
    with lab.record(client, server):
        program.go()
        asker = client.begin(asking)
        older = (asker.await_step() - 100_000) % 2**32
        program.await_step()
        mid.nft(f"table inet t {{ chain f {{ type filter hook forward priority 0; tcp dport 5432 tcp option timestamp tsval set {older}\n}}\n}}")
        assert asker.step() == errno.ETIMEDOUT
    asker.kill()
    program.kill()
