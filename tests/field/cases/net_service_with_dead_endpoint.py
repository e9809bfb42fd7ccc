"""Every other connection to a Kubernetes service ends with "no route to host": kube-proxy still sends it to a pod that is gone.

The node's DNAT rule picks the dead pod's address; nobody answers ARP for it, and after three seconds the node tells the client by ICMP. Client and node
are recorded.
"""

import net_common as net
from judge import expected

SOURCE = "kubernetes/kubernetes #51445 and #28674: kube-proxy keeps a stale endpoint, sporadic 'no route to host'"
NEEDS = ("curl", "nginx")
RIGHT = [expected("host-unreachable", ("path", "local-configuration"), at_least="likely", mentions=["curl"])]
ACCEPTABLE = []

SERVICE = {4: "10.96.0.10", 6: "fd96::10"}
GONE = {4: "10.77.2.99", 6: "fd77:2::99"}


def scenario(lab):
    client, node, pod = lab.chain("client", "node", "pod")
    net.nginx(lab, pod, f"server {{ listen {net.listen_on(lab, 8080)}; return 200 ok; }}", 8080)
    word = "ip" if lab.family == 4 else "ip6"
    ends = ", ".join(f"{number} : {address}" for number, address in enumerate((lab.address(pod), GONE[lab.family])))
    node.nft(
        f"table {word} n {{ chain p {{ type nat hook prerouting priority -100; "
        f"{word} daddr {SERVICE[lab.family]} tcp dport 8080 dnat to numgen inc mod 2 map {{ {ends} }}\n}}\n}}"
    )
    with lab.record(client, node):
        statuses = [net.curl(lab, client, SERVICE[lab.family], 8080) for _ in range(2)]
    assert sorted(statuses) == [0, 7], statuses
