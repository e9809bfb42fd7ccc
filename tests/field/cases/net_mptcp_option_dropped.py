"""Connections of an MPTCP program take three seconds: a firewall drops SYNs with the MPTCP option, until the kernel sends one without.

Client, firewall and server are recorded. The server is well, and plain TCP is fast.
"""

import socket

import traffic
from judge import expected

SOURCE = "multipath-tcp/mptcp_net-next #477 and #57"
RIGHT = [expected(("local-drop", "handshake-slow"), "local-firewall", at_least="likely", mentions=["firewall"])]
ACCEPTABLE = [[expected("handshake-slow", "path")]]

IPPROTO_MPTCP = 262


def scenario(lab):
    client, firewall, server = lab.chain("client", "firewall", "server")
    firewall.nft("table inet f { chain f { type filter hook forward priority 0; tcp option 30 exists drop\n}\n}")

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        connection, _ = listener.accept()
        connection.sendall(connection.recv(10))
        connection.recv(1)

    def application():
        with socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM, IPPROTO_MPTCP) as connection:
            connection.connect((lab.address(server), 8080))
            connection.sendall(b"hello")
            return connection.recv(10)

    program = server.start(service, name="webd")
    program.go()
    with lab.record(client, firewall, server):
        assert client.run(application) == b"hello"
        program.await_step()
