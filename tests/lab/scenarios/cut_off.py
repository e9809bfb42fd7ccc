"""An open connection is cut off until it dies of ETIMEDOUT, and both hosts are recorded.

Data flows, then the device in the middle drops everything of this connection. The client sends, its retransmission timer fires
with growing backoff, and after tcp_retries2 rounds the kernel gives up with ETIMEDOUT. The server waits and knows nothing.
Its trace covers the time and shows no trouble at its end, so the peer host is alive: retransmission-timeout, the path, likely. Data
segments are not recorded, so which way they were lost stays open.
"""

import errno

import traffic

CUT = """
    table inet t {
      chain f {
        type filter hook forward priority 0;
        meta l4proto tcp drop
      }
    }
"""


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    client.sysctl(tcp_retries2=3)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        connection.sendall(connection.recv(5))
        yield
        connection.close()

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(b"hello")
        traffic.receive(connection, 5)
        yield
        connection.sendall(b"hello?")
        yield traffic.error_of(connection.recv, 5)

    program = server.start(frontend)
    with lab.record(client, server):
        asker = client.begin(asking)
        program.step()
        asker.await_step()
        mid.nft(CUT)
        assert asker.step() == errno.ETIMEDOUT

    lab.expect("retransmission-timeout", culprit="path", certainty="likely", count=1, mentions=["asking"])
    lab.expect_nothing_else()
