"""The client's own firewall drops its SYNs.

An nftables rule in the client's output hook throws every SYN to port 5061 away. To the application it looks like a dead peer: ETIMEDOUT.
The kernel frees each packet with NETFILTER_DROP, and that is told: local-drop, the client's own firewall, proven. The timeout is its effect.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(tcp_syn_retries=2)
    client.nft("""
        table inet t {
          chain o {
            type filter hook output priority 0;
            tcp dport 5061 drop
          }
        }
    """)

    with lab.record(client):
        assert client.run(traffic.connect_error, lab.address(server), 5061, name="client") == errno.ETIMEDOUT

    found = lab.expect("local-drop", culprit="local-firewall", certainty="proven", count=1, mentions=["client", "SYNs on the way out", "output hook"])
    assert any("connect-timeout" in reason for reason in found["reasons"]), found["reasons"]
    lab.expect_nothing_else()
    lab.example("local-drop")
    drops = [event for event in lab.report.of("event") if event["kind"] == "drop"]
    assert len(drops) >= 3 and all(event["reason"] == "NETFILTER_DROP" and event.get("connection") for event in drops), drops
