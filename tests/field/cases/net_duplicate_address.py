"""Connections to a server are refused for some clients: another machine has the same address, and ARP led them to it.

The second machine has nothing on that port and answers with a RST. The server, which is recorded as well as the client, never sees the SYN and is healthy.
"""

import errno

import net_common as net
import traffic
from judge import expected

SOURCE = "kubernetes/kubernetes #43910 and #72186, aws/amazon-vpc-cni-k8s #711: two pods with one address"
RIGHT = [expected(("connect-refused", "reset-forged"), "path")]
ACCEPTABLE = [
    [expected("connect-refused", ("peer-host", "unknown"), at_most="likely")],
]


def scenario(lab):
    client, server, other = lab.host("client"), lab.host("server"), lab.host("other")
    net.switch(lab, "switch", {client: 1, server: 2, other: 2})

    def service():
        listener = traffic.listen(9090, lab.family)
        yield
        listener.close()

    program = server.start(service)
    client.ip(f"neighbour replace {lab.address(server)} lladdr {net.mac(2)} dev eth0 nud reachable")
    with lab.record(client, server):
        for _ in range(2):
            assert client.run(traffic.connect_error, lab.address(server), 9090, name="kubelet") == errno.ECONNREFUSED
    program.finish()
