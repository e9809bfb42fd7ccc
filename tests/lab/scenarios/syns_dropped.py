"""SYNs vanish between two hosts, and both hosts are recorded.

A device in the middle drops every SYN to port 5061. The edge sends its SYN again and again, and connect() ends with
ETIMEDOUT; the front end's listener never hears of it. One host alone could not tell a dead peer from a bad path; with both ends in
one story the silence at the front end is evidence: connect-timeout, the path, proven.
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
            tcp dport 5061 tcp flags & (syn|ack) == syn drop
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        listener.close()

    fe.start(frontend)
    with lab.record(edge, fe):
        assert edge.run(traffic.connect_error, lab.address(fe), 5061, name="client") == errno.ETIMEDOUT

    lab.expect("connect-timeout", culprit="path", certainty="proven", count=1, mentions=["client"])
    lab.example("connect-timeout")
    lab.expect_nothing_else()
