"""A device in the middle resets handshakes in the edge's name: the case that each side blames on the other.

The edge connects to port 5061. The front end receives each SYN and answers; the device swallows the SYN-ACK and sends the front
end a RST that carries the edge's address. The edge sees unanswered SYNs and ETIMEDOUT; the front end sees SYN, SYN-ACK, RST,
each time. With both ends recorded: the edge never sent a RST and never saw a SYN-ACK, so the path forged it, proven. The
timeout at the edge has the same cause and is not a finding of its own.
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
            tcp sport 5061 tcp flags & (syn|ack) == (syn|ack) reject with tcp reset
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

    lab.expect("reset-forged", culprit="path", certainty="proven")
    lab.example("reset-forged")
    lab.expect_nothing_else()
