"""The SYN-ACK comes from another address than was asked (a missing reverse translation): the client's kernel knows no connection with that
address and answers with RST.

The record has no socket. It carries the tuple and the number that the SYN-ACK acknowledged, by which it can be joined with the SYN.
"""

import errno

import traffic

PORT, STRANGER = 5061, {4: "10.77.1.9", 6: "fd77:1::9"}


def scenario(lab):
    client, server = lab.pair()
    server.ip(f"address add {STRANGER[lab.family]}/{ {4: 24, 6: 64}[lab.family] } dev to-client" + (" nodad" if lab.family == 6 else ""))
    family = {4: "ip", 6: "ip6"}[lab.family]
    server.nft(f"""
        table {family} t {{
          chain o {{
            type filter hook output priority -300;
            tcp sport {PORT} {family} saddr set {STRANGER[lab.family]} notrack
          }}
        }}
    """)
    client.sysctl(tcp_syn_retries=1)

    def frontend():
        listener = traffic.listen(PORT, lab.family)
        yield
        del listener

    server.start(frontend)
    with lab.record(client, server):
        assert client.run(traffic.connect_error, lab.address(server), PORT, name="asking") == errno.ETIMEDOUT

    syn = next(packet for packet in lab.events(client, "packet") if packet["flags"] == "SYN")
    sent = [event for event in lab.events(client, "reset_sent") if event["network.peer.address"] == STRANGER[lab.family]]
    assert sent, "the RST that answers the stranger is not told"
    for event in sent:
        assert event["segment_flags"] == "SYN-ACK" and not event["has_socket"], event
        assert event["segment_ack"] == syn["seq"] + 1 and event["network.local.port"] == syn["network.local.port"], (event, syn)

    found = lab.expect("wrong-address", culprit="path", certainty="proven", count=1, mentions=["asking", lab.address(server), STRANGER[lab.family]])
    lab.example("wrong-address")
    lab.expect_nothing_else()
    assert len(found["connections"]) >= 1, found
