"""An XDP program on the server's device takes the SYNs before anything of the kernel sees them: that host and its program, likely. Not the path.

The server was recorded and saw no SYN, which proves nothing while such a program is there. Near miss: a router that was recorded shows that the SYNs
for another port were lost in it; the program had no part in that.
"""

import errno

import traffic
from devices import XDP_DROP, attach_xdp

NEEDS = ("clang",)


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)
    mid.nft("table inet t { chain f { type filter hook forward priority 0; tcp dport 5062 drop\n}\n}")

    def frontend():
        listeners = [traffic.listen(port, lab.family) for port in (5061, 5062)]
        yield
        del listeners

    server.start(frontend)
    attach_xdp(lab, server, "to-mid", "takes_all", XDP_DROP)
    together = lab.file("together.pcapng")
    with lab.record(client, server), lab.record(client, mid, server, trace=together):
        assert client.run(traffic.connect_error, lab.address(server), 5061, name="first") == errno.ETIMEDOUT
        assert client.run(traffic.connect_error, lab.address(server), 5062, name="second") == errno.ETIMEDOUT

    for found in lab.read_report().findings:
        assert (found["rule"], found["culprit"], found["certainty"]) == ("connect-timeout", "local-firewall", "likely"), found
        assert "XDP program on to-mid" in found["headline"] and server.name in found["headline"], found
    found = {one["rule"]: one for one in lab.read_report(together).findings}
    assert set(found) == {"connect-timeout", "local-drop"}, lab.report.findings
    timeout, drop = found["connect-timeout"], found["local-drop"]
    assert timeout["certainty"] == "likely" and "XDP" in timeout["headline"] and "first" in timeout["headline"], timeout
    assert mid.name in drop["headline"] and "second" in drop["headline"] and "XDP" not in drop["headline"], drop
