"""A device in the middle forgets an idle connection, and resets it at the next packet.

The device tracks connections, forgets them after 3 idle seconds, and rejects what it does not know. The client holds a healthy
connection, is quiet for 20 s, then sends: a RST with the server's address comes back, which the server never sent.
tcpwitness must tell that apart from a peer that resets, and state the idle time: idle-reset, the path.
"""

import errno
import time

import traffic

FORGETFUL = """
    table inet t {
      chain f {
        type filter hook forward priority 0;
        ct state invalid reject with tcp reset
      }
    }
"""


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    mid.nft(FORGETFUL)
    mid.sysctl(netfilter__nf_conntrack_tcp_timeout_established=3, netfilter__nf_conntrack_tcp_loose=0)

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
        connection.sendall(b"again")
        yield traffic.error_of(connection.recv, 5)

    program = server.start(frontend)
    with lab.record(client, server):
        asker = client.begin(asking)
        program.step()
        asker.await_step()
        time.sleep(20)
        assert asker.step() == errno.ECONNRESET

    lab.expect("idle-reset", culprit="path", count=1, mentions=["20"])
    lab.example("idle-reset")
    lab.expect_nothing_else()
