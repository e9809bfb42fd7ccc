"""A host with an ordinary firewall: rules that do not touch the traffic are listed, and never accused.

The server refuses because nothing listens there; the client's host has rules that drop and reject other ports, and policies that drop.
The finding names neither; and a healthy connection raises nothing at all.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()
    for host in (client, server):
        host.nft("""
            table inet filter {
              chain input {
                type filter hook input priority 0; policy drop;
                ct state established,related accept
                iifname "lo" accept
                meta l4proto { icmp, icmpv6 } accept
                tcp dport { 5061, 5062 } accept
                tcp dport 23 reject with tcp reset
                ip saddr 203.0.113.0/24 drop
                udp dport 53 drop
              }
            }
        """)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        listener.accept()[0].close()
        listener.close()

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        assert client.run(traffic.connect_error, lab.address(server), 5061) == 0
        program.await_step()
        assert client.run(traffic.connect_error, lab.address(server), 5062) == errno.ECONNREFUSED

    found = lab.read_report().findings
    assert [finding["rule"] for finding in found] and all(finding["rule"] != "interposer" for finding in found), found
    told = " ".join(reason for finding in found for reason in finding["reasons"])
    assert "nftables" not in told, told
    text = lab.tcpwitness("report", lab.trace).stdout
    assert "nftables in" in text, text
