"""A firewall on the path refuses a connect in the peer's name, and both hosts are recorded.

Somebody listens on the port, but a device in the middle answers the SYN with a RST that carries the front end's address. The
client sees an ordinary ECONNREFUSED. The front end never saw a SYN: the path refused, proven.
"""

import errno

import traffic


def scenario(lab):
    edge, mid, fe = lab.chain()
    mid.nft("""
        table inet t {
          chain f {
            type filter hook forward priority 0;
            tcp dport 5061 tcp flags & (syn|ack) == syn reject with tcp reset
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        listener.close()

    fe.start(frontend)
    with lab.record(edge, fe):
        assert edge.run(traffic.connect_error, lab.address(fe), 5061) == errno.ECONNREFUSED

    lab.expect("connect-refused", culprit="path", certainty="proven", count=1)
    lab.expect_nothing_else()
