"""SYNs vanish between two hosts, and only the edge is recorded.

The same fault as in syns_dropped, but nobody recorded the front end. Its silence may come from the path, from the peer
host, or from a firewall on either: tcpwitness must say that it cannot know, and what would settle it.
"""

import errno

import traffic


def scenario(lab):
    edge, mid, fe = lab.chain()
    edge.sysctl(tcp_syn_retries=2)
    mid.nft("""
        table inet t {
          chain f {
            type filter hook forward priority 0;
            tcp dport 5061 drop
          }
        }
    """)

    with lab.record(edge):
        assert edge.run(traffic.connect_error, lab.address(fe), 5061, name="client") == errno.ETIMEDOUT

    lab.expect("connect-timeout", certainty="possible", count=1, mentions=["client"])
    lab.expect_nothing_else()
