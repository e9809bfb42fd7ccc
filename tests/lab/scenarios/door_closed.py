"""Clients come again and again and find a door closed by a packet filter, and only the host that closed it is recorded: the server, or a router before it.

A process listens behind its own host's rule; a router's rule names the service. Both are told, with the rule. Near misses, which are counted as harmless: a
port where nobody listens, a rule that names who may not come, a router's policy for everything that it was not told to pass. What the router passes on shows there
as well: who refused behind it, and what was never answered.
"""

import errno

import traffic

LIMIT = 120
FORWARDER = """
    table inet f {{
      chain none {{ counter drop\n }}
      chain f {{
        type filter hook forward priority 0; policy drop;
        ct state established,related accept
        tcp dport {{ 5061-5063 }} accept
        {word} daddr {server} tcp dport 5064 jump none
        meta l4proto {{ icmp, icmpv6 }} accept
      }}
    }}
"""
OWN = """
    table inet t {{
      chain i {{
        type filter hook input priority 0;
        tcp dport {{ 5061, 5065 }} reject with tcp reset
        tcp dport 5062 {word} saddr {client} drop
        tcp dport 5063 drop
      }}
    }}
"""


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)
    words = {"word": "ip" if lab.family == 4 else "ip6", "server": lab.address(server), "client": lab.address(client)}
    mid.nft(FORWARDER.format(**words))
    server.nft(OWN.format(**words))

    def service():
        listeners = [traffic.listen(port, lab.family) for port in (5061, 5062)]  # noqa: F841
        yield

    def knock(port):
        return traffic.connect_error(lab.address(server), port)

    program = server.start(service, name="webd")
    at_router = lab.file("router.pcapng")
    with lab.record(server), lab.record(mid, trace=at_router):
        waiting = [client.begin(knock, port) for port in (5062, 5063, 5064, 5066)]
        for _ in range(3):
            assert client.run(knock, 5061) == errno.ECONNREFUSED
        assert [one.await_step() for one in waiting] == [errno.ETIMEDOUT] * len(waiting)
    program.finish()

    lab.read_report()
    lab.expect("local-drop", culprit="local-firewall", certainty="proven", count=1, mentions=["5061 (webd[", "3 connects", "were not let in", "rejected 3 SYNs", "reject with tcp reset"])
    lab.expect_nothing_else()
    patterns = [one["pattern"] for one in lab.report.of("benign")]
    assert patterns == ["kept-out"] * 2, patterns

    lab.read_report(at_router)
    lab.expect("local-drop", culprit="local-firewall", certainty="proven", count=1, mentions=["5064", "was not let through", "2 SYNs on the way through"])
    # What went through the router: refused by the server behind it, or not answered.
    lab.expect("connect-refused", culprit="peer-host", certainty="likely", count=3, mentions=[f"{lab.address(client)}: the RST came through {mid.name}", "5061"])
    silent = [one for one in lab.report.findings if one["rule"] == "connect-timeout"]
    assert sorted(port for one in silent for port in (5062, 5063) if f":{port}:" in one["headline"] or f":{port} " in one["headline"]) == [5062, 5063], silent
    assert len(lab.report.findings) == 4, lab.report.findings
    patterns = [one["pattern"] for one in lab.report.of("benign")]
    assert patterns == ["kept-out"], patterns
