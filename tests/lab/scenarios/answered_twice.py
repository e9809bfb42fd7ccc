"""Two hosts have one address, and the network brings a copy of each SYN to the second one too: the client gets two SYN-ACKs for one SYN."""

import traffic

PORT = 5061


def scenario(lab):
    client, router, server = lab.chain("client", "router", "server")
    double = lab.host("double")
    towards_router, towards_double = lab.cable(router, double, 3)
    for family, length in ((4, 32), (6, 128)):
        double.ip(
            f"address add {server.addresses[family]}/{length} dev lo" + (" nodad" if family == 6 else ""),
            f"route add default via {towards_router[family]}",
        )
    double.sysctl(tcp_synack_retries=1)
    family = {4: "ip", 6: "ip6"}[lab.family]
    router.nft(f"""
        table {family} t {{
          chain c {{
            type filter hook prerouting priority -300;
            tcp dport {PORT} tcp flags & (syn | ack) == syn dup to {towards_double[lab.family]}
          }}
        }}
    """)

    def frontend():
        listener = traffic.listen(PORT, lab.family)
        yield
        del listener

    server.start(frontend)
    double.start(frontend)
    with lab.record(client):
        client.run(traffic.connect_error, lab.address(server), PORT, name="asking")

    answers = [packet for packet in lab.events(client, "packet") if packet["flags"] == "SYN-ACK"]
    assert len({packet["seq"] for packet in answers}) == 2, answers
    lab.expect("answered-twice", culprit="path", certainty="likely", count=1, mentions=["asking", "two machines answered"])
    lab.example("answered-twice")
    lab.expect_nothing_else()
