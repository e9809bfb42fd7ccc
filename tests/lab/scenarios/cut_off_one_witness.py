"""The cut-off connection of cut_off, seen from the client alone: retransmission-timeout, and only possible."""

import errno

import traffic
from cut_off import CUT


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    client.sysctl(tcp_retries2=3)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        connection.close()

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        yield
        mid.nft(CUT)
        connection.sendall(b"hello?")
        yield traffic.error_of(connection.recv, 5)

    server.start(frontend)
    with lab.record(client):
        assert client.start(asking).step() == errno.ETIMEDOUT

    lab.expect("retransmission-timeout", certainty="possible", count=1)
    lab.expect_nothing_else()
