"""HEALTHY: a link delivers more than half of all packets twice, and every download is complete.

A port mirror or a bond with a loop does that. Both ends are recorded.
"""

import net_common as net
import wire
from judge import NONE

SOURCE = "reports of duplicate packets on mirrored ports and bonds (DUP! in ping)"
NEEDS = ("nginx", "curl")
RIGHT = NONE


def scenario(lab):
    client, server = wire.between(lab, "client", "server", delay=0.002, doubled=60)
    net.nginx(lab, server, f"server {{ listen {net.listen_on(lab, 8080)}; return 200 {'x' * 3000}; }}", 8080)
    with lab.record(client, server):
        for _ in range(6):
            assert net.curl(lab, client, lab.address(server), 8080) == 0
