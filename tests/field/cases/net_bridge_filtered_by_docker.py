"""Two virtual machines on one bridge cannot connect any more: Docker made FORWARD's policy DROP, and bridged packets pass iptables too.

br_netfilter shows what the bridge switches to the FORWARD chain, where nothing accepts it. ARP works, so each seems to be there. The node with the bridge
and the client are recorded.
"""

import net_common as net
import traffic
from judge import expected

SOURCE = "seapath/ansible #909, moby/moby #39439 and #48365: br_netfilter and FORWARD's policy DROP block bridged traffic"
NEEDS = ("curl", "iptables")
RIGHT = [expected("local-drop", "local-firewall", at_least="likely", mentions=["FORWARD"])]
ACCEPTABLE = [
    [expected("local-drop", "local-firewall")],
    [expected("connect-timeout", ("local-firewall", "path"), at_most="likely", mentions=["curl"])],
]


def scenario(lab):
    one, other = lab.host("vm1"), lab.host("vm2")
    node = net.switch(lab, "node", {one: 1, other: 2})
    for host, peer, number in ((one, other, 1), (other, one, 0)):
        for family in (4, 6):
            host.ip(f"neighbour replace {peer.addresses[family]} lladdr {net.mac(number)} dev eth0 nud permanent")
    node.sysctl(**{"bridge__bridge-nf-call-iptables": 1, "bridge__bridge-nf-call-ip6tables": 1})
    net.iptables(lab, node, "-P FORWARD DROP")

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        listener.close()

    program = other.start(service)
    one.sysctl(tcp_syn_retries=2)
    with lab.record(node, one):
        assert net.curl(lab, one, lab.address(other), 8080) == 28
    program.finish()
