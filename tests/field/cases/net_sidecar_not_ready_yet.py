"""A pod's application connects before the service mesh's proxy listens, and its own REDIRECT rule sends the SYN to a closed local port.

istio-init redirects every outgoing connection to 127.0.0.1:15001, where Envoy is going to listen. The application starts first: the RST carries the
remote server's address, yet it was made in the pod itself, and the server was never asked. Only the pod is recorded.
"""

import net_common as net
from judge import expected

SOURCE = "istio/istio #4341 and #16067: application container unable to access the network before the sidecar is ready"
NEEDS = ("curl", "iptables")
RIGHT = [expected(("connect-refused", "interposer"), ("local-configuration", "local-firewall"), at_least="likely", mentions=["curl", "15001"])]
ACCEPTABLE = [
    # Two findings that do not know of each other, both true.
    [expected("reset-sent", "local-configuration", mentions=["15001"]), expected(("connect-refused", "interposer"), "local-firewall", mentions=["curl"])],
    [expected(("connect-refused", "interposer"), ("local-configuration", "local-firewall"), mentions=["curl"])],
]


def scenario(lab):
    pod, _, server = lab.chain("pod", "node", "server")
    net.nginx(lab, server, f"server {{ listen {net.listen_on(lab, 8080)}; return 200 ok; }}", 8080)
    net.iptables(lab, pod, "-t nat -A OUTPUT -p tcp -m owner ! --uid-owner 1337 -j REDIRECT --to-ports 15001")
    with lab.record(pod):
        assert net.curl(lab, pod, lab.address(server), 8080) == 7
