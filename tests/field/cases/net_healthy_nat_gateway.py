"""HEALTHY: containers reach a server through their node's masquerade, and a published port is translated the other way. All works.

Every connection has other addresses on each side of the node. All three hosts are recorded.
"""

import net_common as net
from judge import NONE

SOURCE = "Docker's documentation on iptables (MASQUERADE and DNAT of the default bridge)"
NEEDS = ("curl", "nginx", "iptables")
RIGHT = NONE


def scenario(lab):
    container, node, outside = lab.chain("container", "node", "outside")
    for host in (container, outside):
        net.nginx(lab, host, f"server {{ listen {net.listen_on(lab, 8080)}; return 200 ok; }}", 8080, name=f"nginx-{host.short_name}")
    net.iptables(
        lab,
        node,
        "-t nat -A POSTROUTING -o to-outside -j MASQUERADE",
        f"-t nat -A PREROUTING -i to-outside -p tcp --dport 80 -j DNAT --to-destination {net.bracketed(lab.address(container))}:8080",
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A FORWARD -m conntrack --ctstate INVALID -j DROP",
    )
    gateway = {4: "10.77.2.1", 6: "fd77:2::1"}[lab.family]
    with lab.record(container, node, outside):
        for _ in range(4):
            assert net.curl(lab, container, lab.address(outside), 8080) == 0
            assert net.curl(lab, outside, gateway, 80) == 0
