"""Two SYNs are lost before a connection comes about, three ways: on the way there, on the way back, and in the server's own firewall.

Each handshake takes 2 s or more and then succeeds. With both hosts recorded the report says which part took the time, and where the server's own rule
dropped the SYNs it names that. One lost SYN is ordinary, and nothing is said about it.
"""

import traffic

LIMIT = 150

DROP = """
    table inet t {{
      chain f {{
        type filter hook {hook} priority 0;
        {match} numgen inc mod 1000 < {count} drop
      }}
    }}
"""
SYN = "tcp dport 5061 tcp flags & (syn|ack) == syn"
SYN_ACK = "tcp sport 5061 tcp flags & (syn|ack) == (syn|ack)"


def scenario(lab):
    edge, mid, fe = lab.chain()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(1)
        connection.close()

    def dial():
        traffic.connect(lab.address(fe), 5061).close()

    for where, hook, match, count, rule, culprit, mentions in (
        (fe, "input", SYN, 2, "local-drop", "local-firewall", "that rule counts"),
        (mid, "forward", SYN_ACK, 4, "handshake-slow", "path", "on the way back"),
        (mid, "forward", SYN, 1, None, None, None),
        (mid, "forward", SYN, 2, "handshake-slow", "path", "on the way there"),
    ):
        where.nft(DROP.format(hook=hook, match=match, count=count))
        program = fe.start(frontend)
        with lab.record(edge, fe, options=("--port", "5061")):
            program.go()
            edge.run(dial)
            program.await_step()
        where.nft("flush ruleset")

        lab.read_report()
        if culprit:
            finding = lab.expect(rule, culprit=culprit, certainty="proven", count=1)
            assert any(mentions in reason for reason in finding["reasons"]), finding["reasons"]
            if rule == "handshake-slow":
                lab.example(rule)
        lab.expect_nothing_else()
