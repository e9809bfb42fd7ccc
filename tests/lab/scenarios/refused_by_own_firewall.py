"""The client's own firewall refuses a connect in the peer's name: the peer has no part in it.

A rule in the client's OUTPUT chain rejects the SYN with a RST. The application sees an ordinary ECONNREFUSED, as from a peer where
nothing listens; but the SYN never leaves, and the RST comes in on lo, where nothing from outside comes. Proven, with the rule by name.
Only the client is recorded. Another rule that names another port, and rules that let pass, are not accused.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()
    client.nft("""
        table inet t {
          chain o {
            type filter hook output priority 0;
            tcp dport 22 drop
            tcp dport { 5060, 5062-5070 } reject with tcp reset
            tcp dport 5061 counter reject with tcp reset
            tcp dport 443 accept
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        listener.close()

    server.start(frontend)
    with lab.record(client):
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ECONNREFUSED

    finding = lab.expect("interposer", culprit="local-firewall", certainty="proven", count=1)
    reasons = " ".join(finding["reasons"])
    assert "tcp dport 5061 reject with tcp reset" in reasons, reasons
    assert "22" not in reasons.split() and "5062" not in reasons, reasons
    lab.expect_nothing_else()
    lab.example("interposer")
