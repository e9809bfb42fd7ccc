"""A program uses MPTCP, which stands over TCP sockets of its own: one connection of one process, not two, and healthy traffic raises nothing.

Then a router drops SYNs with the MPTCP option until the kernel sends one without: the handshake takes seconds, and the router's rule is named.
"""

import socket

import traffic

IPPROTO_MPTCP = 262
LIMIT = 90


def _unable():
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP).close()
    except OSError as error:
        return f"no MPTCP: {error}"
    return None


UNABLE = _unable()


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")

    def service():
        listener = traffic.listen(5061, lab.family)
        yield
        for _ in range(2):
            connection, _ = listener.accept()
            connection.sendall(connection.recv(10))
            connection.recv(1)
            connection.close()

    def application():
        with socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM, IPPROTO_MPTCP) as connection:
            connection.connect((lab.address(server), 5061))
            connection.sendall(b"hello")
            return traffic.receive(connection, 5)

    program = server.start(service, name="webd")
    program.go()
    with lab.record(client, mid, server):
        assert client.run(application) == b"hello"
    lab.read_report()
    lab.expect_nothing_else()
    (connection,) = lab.connections(client, "client")
    assert connection["process.command"] == "application", connection

    mid.nft("table inet f { chain f { type filter hook forward priority 0; tcp option 30 exists drop\n}\n}")
    with lab.record(client, mid, server):
        assert client.run(application) == b"hello"
        program.await_step()
    lab.read_report()
    lab.expect("local-drop", culprit="local-firewall", certainty="proven", count=1, mentions=["application", "the handshake with", mid.name, "tcp option 30 exists drop"])
    lab.expect_nothing_else()
