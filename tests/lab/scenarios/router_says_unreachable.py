"""A router on the way answers with an ICMP error: host-unreachable, the path, proven, and the finding names the router.

The same with a refusal: an ICMP port unreachable that a firewall on the way sends ends connect() with ECONNREFUSED. It is connect-refused,
and the culprit is the path, not the peer in whose name nobody spoke.
"""

import errno

import traffic


def scenario(lab):
    edge, mid, fe = lab.chain()
    mid.nft("""
        table inet t {
          chain f {
            type filter hook forward priority 0;
            tcp dport 5061 reject with icmpx type host-unreachable
            tcp dport 5062 reject with icmpx type port-unreachable
          }
        }
    """)
    router = mid.addresses[lab.family]

    with lab.record(edge):
        assert edge.run(traffic.connect_error, lab.address(fe), 5061, name="client") == errno.EHOSTUNREACH
        assert edge.run(traffic.connect_error, lab.address(fe), 5062, name="refused") == errno.ECONNREFUSED

    lab.expect("host-unreachable", culprit="path", certainty="proven", count=1, mentions=["client", "EHOSTUNREACH", router])
    lab.expect("connect-refused", culprit="path", count=1, mentions=["refused", router])
    lab.expect_nothing_else()
