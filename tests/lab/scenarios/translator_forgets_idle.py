"""A translating router has forgotten a connection, and lets the server's next segment pass as it is. The client knows no connection with the server's
own address and answers with RST, which ends the server's connection.

The server was reset by its client's host, and that host reset a stranger: the router is to blame, and both ends are one case.
"""

import errno
import time

import traffic

PORT = 5061


def scenario(lab):
    client, router, server = lab.chain("client", "router", "server")
    family = {4: "ip", 6: "ip6"}[lab.family]
    router.nft(f"""
        table {family} t {{
          chain pre {{
            type nat hook prerouting priority -100;
            tcp dport {PORT} dnat to {lab.address(server)}
          }}
        }}
    """)
    router.sysctl(netfilter__nf_conntrack_tcp_timeout_established=1)

    def frontend():
        listener = traffic.listen(PORT, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        connection.sendall(b"news")
        yield traffic.error_of(connection.recv, 5)

    def asking():
        connection = traffic.connect(lab.address(router), PORT)
        yield
        yield
        del connection

    program = server.start(frontend)
    with lab.record(client, router, server):
        asker = client.begin(asking)
        program.step()
        asker.await_step()
        time.sleep(2.5)
        assert program.step() == errno.ECONNRESET
        asker.step()

    lab.expect("wrong-address", culprit="path", certainty="proven", count=1, mentions=[lab.address(server)])
    lab.expect_nothing_else()
