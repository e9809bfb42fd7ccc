"""A port on which a server listens is refused: the server's own packet filter rejects it with a TCP reset.

Only the server is recorded. It sees the SYNs come in, drops each by one rule, and answers in its own name.
"""

import errno

import net_common as net
import traffic
from judge import expected

SOURCE = "fail2ban's iptables actions with blocktype 'REJECT --reject-with tcp-reset'"
NEEDS = ("iptables",)
RIGHT = [expected("local-drop", "local-firewall", at_least="likely", mentions=["reject"])]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair()
    net.iptables(lab, server, "-A INPUT -p tcp --dport 8080 -j REJECT --reject-with tcp-reset")

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        listener.close()

    program = server.start(service, name="webd")
    with lab.record(server):
        for _ in range(3):
            assert client.run(traffic.connect_error, lab.address(server), 8080) == errno.ECONNREFUSED
    program.finish()
