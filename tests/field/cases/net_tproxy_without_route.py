"""A gateway with a transparent proxy swallows connections: its TPROXY rule is there, the policy route that brings such packets to the proxy is not.

The kernel gives the SYN to the proxy's socket, the route says "forward", and what has a socket may not be forwarded: dropped without a word. Client, gateway
and server are recorded.
"""

import errno
import socket

import traffic
from judge import expected

SOURCE = "kernel documentation, tproxy; linkerd/linkerd2 #7089 and openwrt/openwrt #23480 on TPROXY's rules and routes"
RIGHT = [expected("local-drop", ("local-configuration", "local-firewall", "local-kernel"), at_least="likely", mentions=["gateway", "tproxy"])]
ACCEPTABLE = [[expected(("connect-timeout", "local-drop"), ("path", "local-configuration", "local-kernel"), mentions=["gateway"])]]

TRANSPARENT = {4: (socket.IPPROTO_IP, 19), 6: (socket.IPPROTO_IPV6, 75)}


def scenario(lab):
    client, gateway, server = lab.chain("client", "gateway", "server")
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)
    gateway.nft(
        f"table {'ip' if lab.family == 4 else 'ip6'} t {{ chain p {{ type filter hook prerouting priority -150; "
        "tcp dport 80 tproxy to :15001 meta mark set 1 accept\n}\n}"
    )

    def proxy():
        listener = socket.socket(traffic.KIND[lab.family])
        listener.setsockopt(*TRANSPARENT[lab.family], 1)
        listener.bind(("", 15001))
        listener.listen()
        yield
        listener.close()

    program = gateway.start(proxy, name="sidecar")
    with lab.record(client, gateway, server):
        assert client.run(traffic.connect_error, lab.address(server), 80) == errno.ETIMEDOUT
    program.finish()
