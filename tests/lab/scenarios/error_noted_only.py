"""A non-blocking connect is answered by ICMP while connect() holds the socket: the kernel only notes the error, and SO_ERROR alone tells it.

The application asks, and leaves. The finding names who sent the ICMP error; where that host was recorded, its rule. Near miss: the rule goes
away and the next SYN connects.
"""

import errno
import socket
import time

import traffic

REJECTS = """
    table inet t {
      chain f {
        type filter hook forward priority 0;
        tcp dport 5061 reject with icmpx admin-prohibited
        tcp dport 5062 reject with icmpx port-unreachable
        tcp dport 5063 reject with icmpx admin-prohibited
      }
    }
"""


def scenario(lab):
    edge, mid, fe = lab.chain()
    mid.nft(REJECTS)
    router = {4: "10.77.1.2", 6: "fd77:1::2"}[lab.family]

    def frontend():
        listener = traffic.listen(5063, lab.family)
        yield
        listener.accept()[0].close()
        yield

    def asking(port):
        connection = socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM)
        connection.setblocking(False)
        assert connection.connect_ex((lab.address(fe), port)) in (errno.EINPROGRESS, errno.EHOSTUNREACH, errno.ECONNREFUSED, errno.EACCES)
        time.sleep(0.3)
        error = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        connection.close()
        return error

    def ask_all(recorder):
        with recorder:
            edge.run(asking, 5061, name="prohibited")
            edge.run(asking, 5062, name="refused")

    ask_all(lab.record(edge))
    found = {one["rule"]: one for one in lab.read_report().findings}
    assert set(found) == {"host-unreachable", "connect-refused"}, lab.report.findings
    for rule, name in (("host-unreachable", "prohibited"), ("connect-refused", "refused")):
        assert (found[rule]["culprit"], found[rule]["certainty"]) == ("path", "proven"), found[rule]
        assert name in found[rule]["headline"] and router in found[rule]["headline"], found[rule]

    together = lab.file("together.pcapng")
    ask_all(lab.record(edge, mid, trace=together))
    found = lab.read_report(together).findings
    assert len(found) == 2, found
    for one, rule in zip(sorted(found, key=lambda one: one["first_time_boot_nano"]), ("5061 reject", "5062 reject")):
        assert (one["rule"], one["culprit"], one["certainty"]) == ("local-drop", "local-firewall", "proven"), one
        assert all(word in one["headline"] for word in (mid.name, "rejected", "forward hook", rule)), one

    program = fe.start(frontend)
    passes = lab.file("passes.pcapng")
    with lab.record(edge, trace=passes):
        program.go()
        trying = edge.begin(traffic.connect_error, lab.address(fe), 5063, name="lucky")
        time.sleep(0.3)
        mid.nft("flush ruleset")
        assert trying.await_step() == 0
        program.await_step()
    assert not [one for one in lab.read_report(passes).findings if one["rule"] != "handshake-slow"], lab.report.findings
