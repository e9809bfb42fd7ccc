"""HEALTHY: a load balancer with direct server return is recorded, and sees one direction of every connection only.

The clients' packets pass the balancer, the servers' answers do not: SYNs without SYN-ACKs, requests without answers, FINs that nobody acknowledges. All
of them were answered.
"""

import net_common as net
from judge import NONE

SOURCE = "IPVS's LVS-DR how-to; 'Direct server return: the balancer sees only half of the traffic' in load balancers' manuals"
NEEDS = ("curl", "nginx")
RIGHT = NONE

VIP = {4: "10.88.0.1", 6: "fd88::1"}


def scenario(lab):
    client, balancer, server = lab.host("client"), lab.host("balancer"), lab.host("server")
    net.switch(lab, "switch", {client: 1, balancer: 2, server: 3})
    prefix = net.host_prefix(lab)
    client.ip(f"route add {VIP[lab.family]}/{prefix} via {lab.address(balancer)}")
    client.sysctl(ipv4__conf__all__accept_redirects=0, ipv6__conf__all__accept_redirects=0, ipv6__conf__eth0__accept_redirects=0)
    balancer.ip(f"route add {VIP[lab.family]}/{prefix} via {lab.address(server)}")
    balancer.sysctl(ip_forward=1, ipv6__conf__all__forwarding=1, ipv4__conf__all__send_redirects=0, ipv4__conf__eth0__send_redirects=0)
    server.ip(f"address add {VIP[lab.family]}/{prefix} dev lo")
    net.nginx(lab, server, f"server {{ listen {net.listen_on(lab, 8080)}; return 200 ok; }}", 8080)
    with lab.record(balancer):
        for _ in range(5):
            assert net.curl(lab, client, VIP[lab.family], 8080) == 0
