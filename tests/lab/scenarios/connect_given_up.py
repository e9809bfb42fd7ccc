"""Applications give up a connect before their kernel does: a time limit of their own, a signal, and one that is still waiting at the end.

A filter in the middle drops every SYN. No connect() ends with ETIMEDOUT, so no error is ever told: what shows the trouble is that the socket
was closed, or is still open, with its SYNs unanswered. tcpwitness must say who gave up and after how long.
"""

import re
import socket
import time

import traffic


def scenario(lab):
    edge, mid, fe = lab.chain()
    mid.nft("""
        table inet t {
          chain f {
            type filter hook forward priority 0;
            tcp dport 5061-5063 drop
          }
        }
    """)

    def nonblocking(port):
        connection = socket.socket(traffic.family_of(lab.address(fe)), socket.SOCK_STREAM)
        connection.setblocking(False)
        connection.connect_ex((lab.address(fe), port))
        return connection

    def limited():
        connection = nonblocking(5061)
        time.sleep(2.5)
        connection.close()

    def killed():
        connection = nonblocking(5062)
        yield
        connection.close()

    def patient():
        connection = nonblocking(5063)
        yield
        connection.close()

    with lab.record(edge):
        waiting = edge.start(patient)
        victim = edge.start(killed)
        edge.run(limited)
        victim.kill()
    waiting.finish()

    findings = {finding["headline"].split("[")[0]: finding for finding in lab.read_report().findings}
    assert sorted(findings) == ["killed", "limited", "patient"], list(findings)
    for finding in findings.values():
        assert finding["rule"] == "connect-timeout" and finding["certainty"] == "possible" and finding["settle"], finding
    assert "given up by limited after 2." in findings["limited"]["headline"] and re.search("[23] SYNs unanswered", findings["limited"]["headline"]), findings["limited"]
    assert "ended with its process" in findings["killed"]["headline"], findings["killed"]
    assert any("killed by SIGKILL" in reason for reason in findings["killed"]["reasons"]), findings["killed"]
    assert "had no answer" in findings["patient"]["headline"], findings["patient"]
