"""HEALTHY: a pod's connections are redirected to its sidecar proxy, which connects to the server in the application's stead.

The application asks the server's address and is answered in the server's name by a process of its own host. Pod and server are recorded.
"""

import net_common as net
import programs
from judge import NONE

SOURCE = "istio's 'Understanding the sidecar injection, traffic intercepting and routing process'"
NEEDS = ("curl", "nginx", "haproxy", "iptables")
RIGHT = NONE


def scenario(lab):
    pod, _, server = lab.chain("pod", "node", "server")
    net.nginx(lab, server, f"server {{ listen {net.listen_on(lab, 8080)}; return 200 ok; }}", 8080)
    config = programs.write(
        lab,
        "haproxy.cfg",
        f"""
        global
          uid 1337
          gid 1337
        defaults
          mode http
          timeout connect 2s
          timeout client 10s
          timeout server 10s
        listen outbound
          bind {"0.0.0.0" if lab.family == 4 else "::"}:15001
          server upstream {lab.address(server)}:8080
\n""",
    )
    programs.start(lab, pod, "haproxy", "-db", "-f", config, listens=15001)
    net.iptables(lab, pod, "-t nat -A OUTPUT -p tcp -m owner ! --uid-owner 1337 -j REDIRECT --to-ports 15001")
    with lab.record(pod, server):
        for _ in range(5):
            assert net.curl(lab, pod, lab.address(server), 8080) == 0
