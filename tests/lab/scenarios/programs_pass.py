"""XDP and tc programs that pass every packet, on both hosts: near miss of those that take them. They are listed and never blamed.

The driver counts what XDP programs take: nothing. So SYNs that got lost on the way to the server, and that no recorded router saw, are the path's. A healthy connection finds nothing. A port where nobody listens is refused by its own host. SYNs that a router between drops are the router's. A connect
that the server's own packet filter drops is the filter's, whose drops come after any such program.
"""

import errno
import time

import traffic
from devices import TC_ACT_OK, XDP_PASS, attach_tc, attach_xdp

NEEDS = ("clang",)


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)
    for host in (client, server):
        attach_xdp(lab, host, "to-mid", "looks_on", XDP_PASS)
        attach_tc(lab, host, "to-mid", "counts", TC_ACT_OK)
    mid.nft("table inet t { chain f { type filter hook forward priority 0; tcp dport 5063 drop\n}\n}")
    server.nft("table inet t { chain i { type filter hook input priority 0; tcp dport 5064 drop\n}\n}")

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        traffic.accept_and_outlast(listener, 1)

    def lucky():
        traffic.connect(lab.address(server), 5061).close()

    program = server.start(frontend)
    apart = lab.file("apart.pcapng")
    with lab.record(client, mid, server), lab.record(client, server, trace=apart):
        program.go()
        client.run(lucky, name="lucky")
        program.await_step()
        time.sleep(1)  # by now the counters were read
        silent = [client.begin(traffic.connect_error, lab.address(server), port, name=name) for port, name in ((5063, "cut"), (5064, "kept_out"))]
        assert client.run(traffic.connect_error, lab.address(server), 5062, name="refused") == errno.ECONNREFUSED
        assert [one.await_step() for one in silent] == [errno.ETIMEDOUT] * 2

    found = {name: one for one in lab.read_report().findings for name in ("cut", "kept_out", "refused") if f"{name}[" in one["headline"]}
    assert len(lab.report.findings) == len(found) == 3, lab.report.findings
    for name, place in (("cut", mid), ("kept_out", server)):
        assert (found[name]["rule"], found[name]["culprit"], found[name]["certainty"]) == ("local-drop", "local-firewall", "proven"), found[name]
        assert place.name in found[name]["headline"], found[name]
    assert (found["refused"]["rule"], found["refused"]["culprit"]) == ("connect-refused", "local-configuration"), found["refused"]
    for one in found.values():
        assert not any(word in str(one) for word in ("XDP", "tc filter", "looks_on", "counts")), one
    listed = {event["topic"] for event in lab.report.of("event") if event["kind"] == "environment"}
    assert {"xdp", "tc_filter"} <= listed, listed

    [lost] = [one for one in lab.read_report(apart).findings if "cut[" in one["headline"]]
    assert (lost["rule"], lost["culprit"], lost["certainty"]) == ("connect-timeout", "path", "proven"), lost
    assert not any(word in str(lost) for word in ("XDP", "tc filter", "looks_on", "counts")), lost
