"""A client and a server behind the same translating router (hairpin): the router sends the SYN on to the server, and the server answers the client
directly, under an address that the client never asked.

The client's kernel answers each SYN-ACK with RST. Neither end sees why; both together tell which translation was made one way only.
"""

import errno

import traffic

PORT = 5061


def scenario(lab):
    client, router, server = lab.chain("client", "router", "server")
    direct = lab.cable(client, server, 3)
    asked, real, own = lab.address(router), lab.address(server), lab.address(client)
    family = {4: "ip", 6: "ip6"}[lab.family]
    router.nft(f"""
        table {family} t {{
          chain pre {{
            type nat hook prerouting priority -100;
            tcp dport {PORT} dnat to {real}
          }}
        }}
    """)
    server.ip(f"route add {own} via {direct[0][lab.family]}")
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)

    def frontend():
        listener = traffic.listen(PORT, lab.family)
        yield
        del listener

    server.start(frontend)
    with lab.record(client, router, server):
        assert client.run(traffic.connect_error, asked, PORT) == errno.ETIMEDOUT

    lab.expect("wrong-address", culprit="path", certainty="proven", count=1, mentions=(asked, real))
    lab.expect_nothing_else()
