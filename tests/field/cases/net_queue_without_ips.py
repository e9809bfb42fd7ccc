"""A server drops all traffic since its intrusion prevention was stopped: an NFQUEUE rule hands packets to a program that is not there.

Without --queue-bypass the kernel drops what it cannot hand over. It is no rule that says DROP. Only the server is recorded.
"""

import net_common as net
import traffic
from judge import expected

SOURCE = "'IPS mode using NFQ', Mirantis MCP documentation; 'How to set up Suricata in IPS mode' (--queue-bypass is critical for fail-open)"
NEEDS = ("curl", "iptables")
RIGHT = [expected("local-drop", "local-firewall", at_least="likely", mentions=["NFQUEUE"])]
ACCEPTABLE = [
    [expected("local-drop", "local-firewall")],
    [expected("local-drop", ("local-configuration", "local-kernel"), at_most="likely")],
]


def scenario(lab):
    client, server = lab.pair()
    net.iptables(lab, server, "-A INPUT -p tcp --dport 8080 -j NFQUEUE --queue-num 3")

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        listener.close()

    program = server.start(service)
    client.sysctl(tcp_syn_retries=2)
    with lab.record(server):
        assert net.curl(lab, client, lab.address(server), 8080) == 28
    program.finish()
