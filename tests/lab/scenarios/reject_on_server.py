"""The server's own packet filter refuses a connect, and both hosts are recorded.

Somebody listens on the port, but nftables on the same host answers the SYN with a RST, which the server's TCP knows nothing of. The
culprit is the peer host. Where the kernel lets programs hang on functions, the filter's own reset is seen, and that is proof.
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

    seen = lab.probe_status("firewall_reset") == "attached"
    finding = lab.expect("connect-refused", culprit="peer-host", certainty="proven" if seen else "likely", count=1)
    assert any("reject at input" in reason for reason in finding["reasons"]) == seen, finding["reasons"]
    lab.expect_nothing_else()
