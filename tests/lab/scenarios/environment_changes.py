"""The host's configuration stands in the trace: as it was found, what changed while recording, and what counters counted.

A firewall that counts, a black hole and a sysctl come and go while a healthy connection is served. Each is told once when it comes
and once when it goes, in the host where it happened; nobody is accused of anything.
"""

import time

import traffic

FIREWALL = """
    table inet t {
      chain i {
        type filter hook input priority 0; policy drop;
        iifname "lo" accept
        tcp dport 5061 counter accept
        ct state established,related accept
        meta l4proto icmpv6 accept
      }
    }
"""


def scenario(lab):
    client, server = lab.pair()
    server.nft(FIREWALL)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        assert traffic.receive(connection, 2) == b"hi"
        connection.close()
        listener.close()

    def greet():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(b"hi")
        assert traffic.receive(connection, 1) == b""
        connection.close()

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        client.run(greet)
        program.await_step()
        time.sleep(0.5)
        client.ip("route add blackhole 10.99.0.0/16")
        client.sysctl(tcp_retries2=9)
        server.nft("delete table inet t")
        time.sleep(9)
        client.ip("route del blackhole 10.99.0.0/16")

    report = lab.read_report()
    facts = [event for event in report.of("event") if event["kind"] == "environment"]

    def told(host, topic, name=None):
        names = {"host.name", "netns.name"}
        assert names <= set(facts[0])
        return [
            (fact["what"], fact.get("before"), fact.get("after"))
            for fact in facts
            if fact["netns.name"] == host.name and fact["scope"] == "namespace" and fact["topic"] == topic and name in (None, fact.get("name"))
        ]

    assert told(client, "route", "main 10.99.0.0/16") == [("appeared", None, "blackhole"), ("gone", "blackhole", None)]
    assert told(client, "sysctl") == [("changed", "15", "9")], told(client, "sysctl")
    chain = "filter hook input priority 0 policy drop"
    assert told(server, "nft_chain", "inet t i") == [("found", None, chain), ("gone", chain, None)]
    rules = [after for what, _, after in told(server, "nft_rule") if what == "found"]
    assert "tcp dport 5061 accept" in rules, rules
    assert told(client, "nft_chain") == []
    assert any(fact["scope"] == "host" and fact["topic"] == "clock" for fact in facts)
    assert {witness["netns.name"] for witness in report.of("witness")} == {client.name, server.name}
    lab.expect_nothing_else()
