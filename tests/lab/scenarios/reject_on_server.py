"""The server's own packet filter refuses a connect, and both hosts are recorded.

Somebody listens on the port, but nftables on the same host answers the SYN with a RST, which the server's TCP knows nothing of. The
kernel tells that the filter took the SYN, and the recorded rules say which one.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()
    server.nft("""
        table inet t {
          chain i {
            type filter hook input priority 0;
            tcp dport 5061 reject with tcp reset
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        listener.close()

    server.start(frontend)
    with lab.record(client, server):
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ECONNREFUSED

    lab.expect("local-drop", culprit="local-firewall", certainty="proven", count=1, mentions=["was refused", "input hook", "reject with tcp reset"])
    lab.expect_nothing_else()
