"""SYN-ACKs vanish on the way back, and both hosts are recorded.

The front end receives each SYN and answers it; a device in the middle drops the answers. The edge sees its SYNs unanswered
and gives up with ETIMEDOUT; the front end sees a handshake that never completes. That is one cause with two effects, and one
finding: connect-timeout, the path (on the way back), proven.
"""

import errno

import traffic


def scenario(lab):
    edge, mid, fe = lab.chain()
    edge.sysctl(tcp_syn_retries=2)
    fe.sysctl(tcp_synack_retries=2)
    mid.nft("""
        table inet t {
          chain f {
            type filter hook forward priority 0;
            tcp sport 5061 tcp flags & (syn|ack) == (syn|ack) drop
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

    lab.expect("connect-timeout", culprit="path", certainty="proven", count=1)
    lab.expect_nothing_else()
