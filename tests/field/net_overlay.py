"""Two nodes with a pod each, and a VXLAN between them."""

from namespaces import connect_pair


def overlay(lab, mtu):
    """(pod, its node, the other node, its pod): pods in 10.244.1.0/24 and 10.244.2.0/24, joined by flannel.1 over UDP port 8472."""
    pod1, node1, node2, pod2 = [lab.host(name) for name in ("pod1", "node1", "node2", "pod2")]
    ends = connect_pair(node1, node2, 1)
    for number, pod, node, far in ((1, pod1, node1, 2), (2, pod2, node2, 1)):
        own, peer = (ends[0], ends[1]) if number == 1 else (ends[1], ends[0])
        node.sysctl(ip_forward=1, ipv6__conf__all__forwarding=1)
        node.ip(
            f"link add flannel.1 address 02:77:00:00:fe:0{number} mtu {mtu} type vxlan id 1 local {own[4]} remote {peer[4]} dstport 8472 nolearning",
            "link set flannel.1 up",
            f"address add 10.244.{number}.0/32 dev flannel.1",
            f"address add fd44:{number}::1/128 dev flannel.1 nodad",
            f"link add cni0 address 02:77:00:00:c0:0{number} type veth peer name eth0 address 02:77:00:00:c1:0{number} netns {pod.name}",
            f"address add 10.244.{number}.1/24 dev cni0",
            f"address add fd44:{number}:1::1/64 dev cni0 nodad",
            "link set cni0 up",
            f"neighbour add 10.244.{far}.0 lladdr 02:77:00:00:fe:0{far} dev flannel.1 nud permanent",
            f"neighbour add fd44:{far}::1 lladdr 02:77:00:00:fe:0{far} dev flannel.1 nud permanent",
            f"route add 10.244.{far}.0/24 via 10.244.{far}.0 dev flannel.1 onlink",
            f"route add fd44:{far}:1::/64 via fd44:{far}::1 dev flannel.1 onlink",
        )
        pod.addresses = {4: f"10.244.{number}.2", 6: f"fd44:{number}:1::2"}
        pod.ip(
            f"link set eth0 mtu {mtu} up",
            f"address add {pod.addresses[4]}/24 dev eth0",
            f"address add {pod.addresses[6]}/64 dev eth0 nodad",
            f"route add default via 10.244.{number}.1",
            f"route add default via fd44:{number}:1::1",
        )
        node.ip(f"link set cni0 mtu {mtu}")
    return pod1, node1, node2, pod2
