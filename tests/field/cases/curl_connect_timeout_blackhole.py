"""curl --connect-timeout gives up on a host that drops its SYNs, long before the kernel would.

A firewall on the way drops SYNs to the port. curl closes the socket in SYN_SENT after two seconds; the kernel reports no error at all.
"""

import programs
from judge import expected

SOURCE = "curl's manual on --connect-timeout; many reports of 'Connection timed out after 2001 milliseconds'"
NEEDS = ("curl",)
RIGHT = [expected("connect-timeout", ("path", "peer-host"), at_most="likely", mentions=["curl"])]
ACCEPTABLE = []


def scenario(lab):
    edge, mid, fe = lab.chain()
    mid.nft("table inet t { chain f { type filter hook forward priority 0; tcp dport 8443 drop\n}\n}")
    host = lab.address(fe) if lab.family == 4 else f"[{lab.address(fe)}]"
    with lab.record(edge):
        assert programs.run(lab, edge, "curl", "-s", "--connect-timeout", "2", f"http://{host}:8443/").returncode == 28
