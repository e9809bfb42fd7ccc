"""The forged RST of reset_forged, seen from the front end alone.

No other trace proves that the edge is innocent, but the RST itself bears marks: it came with a fresh TTL (64, where the SYN
from the same address had crossed a router and came with 63). That makes it likely, and the finding names the mark.
"""

import errno

import traffic


def scenario(lab):
    edge, mid, fe = lab.chain()
    edge.sysctl(tcp_syn_retries=1)
    mid.nft("""
        table inet t {
          chain f {
            type filter hook forward priority 0;
            tcp sport 5061 tcp flags & (syn|ack) == (syn|ack) reject with tcp reset
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        listener.close()

    fe.start(frontend)
    with lab.record(fe):
        assert edge.run(traffic.connect_error, lab.address(fe), 5061) == errno.ETIMEDOUT

    lab.expect("reset-forged", culprit="path", certainty="likely")
    lab.expect_nothing_else()
