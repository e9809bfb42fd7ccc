"""Pods on different nodes cannot connect, pods on one node can: the cloud's security group lets no VXLAN (UDP) pass between the nodes.

The SYN leaves the pod and is packed on its node; the UDP packet is lost between the nodes. Both pods and the client's node are recorded.
"""

import net_common as net
import traffic
from judge import expected
from net_overlay import overlay

SOURCE = "flannel-io/flannel #871 and #423: pods on other nodes are unreachable, UDP 8472 was not allowed between the nodes"
NEEDS = ("curl",)
RIGHT = [expected("connect-timeout", "path", at_least="likely", mentions=["curl"])]
ACCEPTABLE = [
    [expected("connect-timeout", "path", mentions=["curl"])],
]


def scenario(lab):
    one, node1, node2, other = overlay(lab, mtu=1450)
    node2.nft("table inet t { chain p { type filter hook prerouting priority -300; udp dport 8472 drop\n}\n}")

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        listener.close()

    program = other.start(service)
    one.sysctl(tcp_syn_retries=2)
    with lab.record(one, node1, other):
        assert net.curl(lab, one, lab.address(other), 8080) == 28
    program.finish()
