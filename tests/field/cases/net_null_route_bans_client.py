"""One client cannot reach a server that all others reach: fail2ban banned it by a blackhole route on the server.

Its SYNs arrive, no firewall rule matches them, and the listening socket gives no answer, since the way back is a blackhole. Only the server is recorded.
"""

import errno

import net_common as net
import traffic
from judge import expected

SOURCE = "fail2ban/fail2ban #104 (blocking through blackhole routes), hestiacp/hestiacp #2277"
RIGHT = [expected(("no-route", "local-drop"), "local-configuration", at_least="likely", mentions=["blackhole"])]
ACCEPTABLE = [
    [expected(("no-route", "local-drop"), ("local-configuration", "local-kernel"), at_most="likely")],
    [expected("local-drop", "local-configuration")],
]


def scenario(lab):
    client, server = lab.pair()
    server.ip(f"route add blackhole {lab.address(client)}/{net.host_prefix(lab)}")
    client.sysctl(tcp_syn_retries=2)

    def service():
        listener = traffic.listen(22, lab.family)
        yield
        listener.close()

    program = server.start(service, name="sshd")
    with lab.record(server):
        assert client.run(traffic.connect_error, lab.address(server), 22) == errno.ETIMEDOUT
    program.finish()
