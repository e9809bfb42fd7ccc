"""A recorded router begins to drop the packets of an open connection: local-drop there, proven, also while the retransmits still go on.

Near miss: it dropped two segments, then let them pass; the connection got over it.
"""

import time

import traffic

CUT = """
    table inet t {
      chain f {
        type filter hook forward priority 0;
        tcp dport 5061 drop
        tcp dport 5062 counter numgen inc mod 1000 < 2 drop
      }
    }
"""


def scenario(lab):
    edge, mid, fe = lab.chain()

    def frontend(port):
        listener = traffic.listen(port, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        connection.recv(5)
        connection.close()
        yield

    def asking(port):
        connection = traffic.connect(lab.address(fe), port)
        yield
        connection.sendall(b"hello")
        yield
        connection.close()

    servers = [fe.start(frontend, port) for port in (5061, 5062)]
    with lab.record(edge, mid, fe):
        clients = [edge.begin(asking, port, name=f"client-{port}") for port in (5061, 5062)]
        for server in servers:
            server.step()
        for client in clients:
            client.await_step()
        mid.nft(CUT)
        for client in clients:
            client.step()
        servers[1].step()
        clients[1].finish()
        time.sleep(2.5)

    lab.expect("local-drop", culprit="local-firewall", certainty="proven", count=1, mentions=["client-5061", "is stuck", mid.name, "forward hook", "tcp dport 5061 drop"])
    lab.expect_nothing_else()
    clients[0].kill()
    servers[0].kill()
