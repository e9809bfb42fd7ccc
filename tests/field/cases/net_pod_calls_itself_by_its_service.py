"""A pod cannot reach its own service: the node translates the service's address to the pod itself, and does not masquerade.

The SYN comes back to the pod with the pod's own address as its source. IPv4 drops it as a martian; IPv6 takes it, and the answer never passes the node.
Pod and node are recorded. Nothing is wrong with the path or with the server.
"""

import errno

import traffic
from judge import expected

SOURCE = "kubernetes/kubernetes #20475, cloudnativelabs/kube-router #637 and #1235 (hairpin)"
RIGHT = [expected(("local-drop", "wrong-address"), ("local-configuration", "local-kernel", "path"), at_least="likely", mentions=["translat"])]
ACCEPTABLE = [[expected(("local-drop", "wrong-address"), ("local-configuration", "local-kernel", "path"))]]

SERVICE = {4: "10.96.0.20", 6: "fd96::20"}


def scenario(lab):
    pod, node, _ = lab.chain("pod", "node", "elsewhere")
    pod.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)
    word, own = ("ip", lab.address(pod)) if lab.family == 4 else ("ip6", f"[{lab.address(pod)}]")
    node.nft(f"table {word} n {{ chain p {{ type nat hook prerouting priority -100; {word} daddr {SERVICE[lab.family]} tcp dport 80 dnat to {own}:8080\n}}\n}}")

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        listener.close()

    program = pod.start(service, name="webd")
    with lab.record(pod, node):
        assert pod.run(traffic.connect_error, SERVICE[lab.family], 80, name="worker") == errno.ETIMEDOUT
    program.finish()
