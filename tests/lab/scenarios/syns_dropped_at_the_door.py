"""The server's own firewall drops the client's SYNs, and both hosts are recorded.

Somebody listens on the port, but an nftables rule in the server's input hook drops what comes for it. The client times out; the server's
kernel tells that it was itself: local-drop, a firewall on the server, proven.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(tcp_syn_retries=2)
    server.nft("""
        table inet t {
          chain i {
            type filter hook input priority 0;
            tcp dport 5061 drop
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        listener.close()

    server.start(frontend)
    with lab.record(client, server):
        assert client.run(traffic.connect_error, lab.address(server), 5061, name="client") == errno.ETIMEDOUT

    lab.expect("local-drop", culprit="local-firewall", certainty="proven", count=1, mentions=["client", server.name, "SYNs that came in", "input hook"])
    lab.expect_nothing_else()
