"""A recorded router drops the SYNs that it should forward, and its own trace holds each: local-drop there, proven, with hook and rule.

It is so whether the kernel gives up or the application does before. Near misses: one SYN is dropped and the next one passes; and a client that
takes its connect back at once has waited for nothing.
"""

import errno
import select
import socket

import traffic


def scenario(lab):
    edge, mid, fe = lab.chain()
    edge.sysctl(tcp_syn_retries=2)
    mid.nft("""
        table inet t {
          chain f {
            type filter hook forward priority 0;
            tcp dport 5061 drop
            tcp dport 5062 tcp flags & (syn|ack) == syn numgen inc mod 1000 < 1 drop
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5062, lab.family)
        yield
        listener.accept()[0].close()
        yield

    def given_up(seconds):
        connection = socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM)
        connection.setblocking(False)
        assert connection.connect_ex((lab.address(fe), 5061)) == errno.EINPROGRESS
        assert not select.select([], [connection], [], seconds)[1]
        connection.close()

    program = fe.start(frontend)
    with lab.record(edge, mid, fe):
        program.go()
        waiting = edge.begin(traffic.connect_error, lab.address(fe), 5061, name="patient")
        edge.run(given_up, 2.5, name="curl")
        edge.run(given_up, 0.1, name="hasty")
        assert edge.run(traffic.connect_error, lab.address(fe), 5062, name="lucky") == 0
        assert waiting.await_step() == errno.ETIMEDOUT

    for name, became in (("patient", "timed out"), ("curl", "was given up after 2.5 s")):
        [found] = [one for one in lab.read_report().findings if name in one["headline"]]
        assert (found["rule"], found["culprit"], found["certainty"]) == ("local-drop", "local-firewall", "proven"), found
        for word in (became, mid.name, "forward hook", "tcp dport 5061 drop"):
            assert word in found["headline"], f"{word} is missing: {found}"
    assert len(lab.report.findings) == 2, lab.report.findings
