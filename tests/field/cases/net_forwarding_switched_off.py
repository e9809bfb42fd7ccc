"""A container has no network any more: `sysctl -p` set ip_forward back to 0 on its node, which drops what it should forward.

The container's SYNs reach the node and go no further; no firewall rule is involved. Container and node are recorded.
"""

import net_common as net
from judge import expected

SOURCE = "NixOS/nixpkgs #118656, TencentBlueKing/bk-ci #4501 (sysctl -p cuts containers off), geerlingguy/ansible-role-docker #158"
NEEDS = ("curl",)
RIGHT = [expected("local-drop", "local-configuration", at_least="likely", mentions=["forward"])]
ACCEPTABLE = [
    [expected("local-drop", ("local-configuration", "local-kernel"))],
    [expected("connect-timeout", ("path", "local-configuration", "local-kernel"), at_most="likely", mentions=["curl"])],
]


def scenario(lab):
    container, node, server = lab.chain("container", "node", "server")
    net.nginx(lab, server, f"server {{ listen {net.listen_on(lab, 8080)}; return 200 ok; }}", 8080)
    assert net.curl(lab, container, lab.address(server), 8080) == 0
    node.sysctl(ip_forward=0, ipv6__conf__all__forwarding=0)
    container.sysctl(tcp_syn_retries=2)
    with lab.record(container, node):
        assert net.curl(lab, container, lab.address(server), 8080) == 28
