"""A SYN-ACK is never acknowledged, seen from the server alone.

A device in the middle lets the SYN and the SYN-ACK through and drops whatever the client sends next. The client believes
that it is connected. The server repeats its SYN-ACK until the request expires; no socket ever exists there, so only the
packets and the SYN-ACK retransmits tell. Path or client: one witness cannot know, handshake-incomplete is only possible.
"""

import time

import traffic


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    server.sysctl(tcp_synack_retries=2)
    mid.nft("""
        table inet t {
          chain f {
            type filter hook forward priority 0;
            tcp dport 5061 tcp flags & (syn|ack) == ack drop
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        listener.close()

    def connecting():
        connection = traffic.connect(lab.address(server), 5061)
        yield
        traffic.close_with_reset(connection)

    server.start(frontend)
    with lab.record(server):
        client.start(connecting)
        time.sleep(8)  # SYN-ACKs at 0, 1 and 3 s; the request expires at 7 s

    lab.expect("handshake-incomplete", certainty="possible", count=1)
    lab.example("handshake-incomplete")
    lab.expect_nothing_else()
