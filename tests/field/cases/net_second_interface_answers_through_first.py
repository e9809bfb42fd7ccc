"""A server with two interfaces answers on the first what it was asked on the second, and the cloud drops the answer.

The second interface has an address of its own, but there is one routing table, and its default route leaves through the first. The cloud's network lets
no packet out of an interface whose source is not that interface's address. Only the server is recorded: SYNs come in on one device, SYN-ACKs leave on the
other, nothing comes back.
"""

import errno
import time

import traffic
from judge import expected
from namespaces import connect_pair

SOURCE = "'Asymmetric routing with two ENIs on EC2', etude01.com; 'Solving asymmetric routing issues', blog.rahulgadre.com"
RIGHT = [expected("handshake-incomplete", ("path", "local-configuration"), at_most="likely", mentions=["to-fabric", "to-eni2"])]
ACCEPTABLE = [
    [expected("handshake-incomplete", ("path", "peer-host", "local-configuration"), at_most="likely")],
]


def scenario(lab):
    client, fabric, eni2, server = [lab.host(name) for name in ("client", "fabric", "eni2", "server")]
    outside = connect_pair(client, fabric, 1)
    first = connect_pair(fabric, server, 2)
    across = connect_pair(fabric, eni2, 3)
    second = connect_pair(eni2, server, 4)
    for host in (fabric, eni2):
        host.sysctl(ip_forward=1, ipv6__conf__all__forwarding=1)
    client.ip(f"route add default via {outside[1][4]}", f"route add default via {outside[1][6]}")
    server.ip(f"route add default via {first[0][4]}", f"route add default via {first[0][6]}")
    fabric.ip(f"route add 10.77.4.0/24 via {across[1][4]}", f"route add fd77:4::/64 via {across[1][6]}")
    eni2.ip(f"route add default via {across[0][4]}", f"route add default via {across[0][6]}")
    fabric.nft(
        f"table inet t {{ chain f {{ type filter hook forward priority 0; iifname to-server ip saddr != {first[1][4]} drop\n"
        f"iifname to-server ip6 saddr != {first[1][6]} drop\n}}\n}}"
    )
    server.sysctl(tcp_synack_retries=1)
    client.sysctl(tcp_syn_retries=2)

    def service():
        listener = traffic.listen(22, lab.family)
        yield
        listener.close()

    program = server.start(service, name="sshd")
    with lab.record(server):
        assert client.run(traffic.connect_error, second[1][lab.family], 22) == errno.ETIMEDOUT
        time.sleep(3.5)  # the kernel gives the half-open connection up, which no one can be asked about
    program.finish()
