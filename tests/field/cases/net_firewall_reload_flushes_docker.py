"""Published container ports refuse connections since the firewall was reloaded: that took away Docker's DNAT rules.

Before, a SYN to the host's port 8080 was translated to the container. Now it is for the host itself, where nothing listens. The host is recorded.
"""

import net_common as net
from judge import expected

SOURCE = "moby/moby #12294 and #15254: firewall-cmd --reload wipes Docker's iptables rules"
NEEDS = ("curl", "nginx", "iptables")
RIGHT = [expected(("connect-refused", "reset-sent"), "local-configuration", at_least="likely", mentions=["8080"])]
ACCEPTABLE = []


def scenario(lab):
    client, host, container = lab.chain("client", "host", "container")
    net.nginx(lab, container, f"server {{ listen {net.listen_on(lab, 80)}; return 200 ok; }}", 80)
    net.iptables(lab, host, f"-t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination {net.bracketed(lab.address(container))}:80")
    with lab.record(host):
        assert net.curl(lab, client, lab.address(host), 8080) == 0
        net.iptables(lab, host, "-t nat -F")
        assert net.curl(lab, client, lab.address(host), 8080) == 7
