"""An asymmetric path: a stateful firewall forwards the client's segments and never sees the server's, which take another way. It calls the client's
ACK invalid and drops it.

The client believes that it is connected, the server's half-open connection expires. The firewall was recorded: its drops and its rule are named, once
for both ends. Near misses: an asymmetric path through a rule that lets everything pass, and SYNs that got through the firewall and were lost behind it,
while the counter of that rule grows for the others.
"""

import errno

import traffic

RULES = """
    table inet t {
      chain f {
        type filter hook forward priority 0;
        tcp dport 5062 accept
        ct state established,related accept
        ct state invalid counter drop
      }
    }
"""


def scenario(lab):
    client, firewall, server = lab.chain("client", "firewall", "server")
    direct = lab.cable(client, server, 3)
    server.ip(f"route add {lab.address(client)} via {direct[0][lab.family]}")
    firewall.nft(RULES)
    server.nft("table inet t { chain i { type filter hook input priority 0; tcp dport 5063 drop\n}\n}")
    server.sysctl(tcp_synack_retries=1)
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)

    def frontend():
        listeners = [traffic.listen(port, lab.family) for port in (5061, 5062, 5063)]
        yield
        traffic.accept_and_outlast(listeners[1], 1)
        yield

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        connection.settimeout(3)
        connection.sendall(b"a request")
        traffic.error_of(connection.recv, 100)
        connection.close()

    def lucky():
        traffic.connect(lab.address(server), 5062).close()

    program = server.start(frontend)
    alone = lab.file("alone.pcapng")
    with lab.record(client, firewall, server), lab.record(client, firewall, trace=alone):
        program.go()
        client.run(lucky, name="lucky")
        program.await_step()
        asker = client.begin(asking, name="asking")
        assert client.run(traffic.connect_error, lab.address(server), 5063, name="unlucky") == errno.ETIMEDOUT
        asker.await_step()

    for trace in (lab.trace, alone):
        found = {word: one for one in lab.read_report(trace).findings for word in ("asking", "unlucky", "lucky") if one["headline"].startswith(f"{word}[")}
        assert len(lab.report.findings) == len(found) == 2 and "lucky" not in found, lab.report.findings
        asked, lost = found["asking"], found["unlucky"]
        assert (asked["rule"], asked["culprit"], asked["certainty"]) == ("local-drop", "local-firewall", "proven"), asked
        for word in (firewall.name, "forward hook", "ct state invalid", "the SYN-ACK of this handshake took another way"):
            assert word in asked["headline"], f"{word} is missing: {asked}"
        assert firewall.name not in lost["headline"], lost
        assert lost["rule"] == ("local-drop" if trace == lab.trace else "connect-timeout"), lost
        assert "ct state invalid" not in str(lost), lost
