"""A server answers its own link and nobody else: it has no route to the client's network. The SYN arrives, and no SYN-ACK can be made.

Client, router and server are recorded. No firewall and no full queue has a part in it.
"""

import traffic
from judge import expected

SOURCE = "the kernel's TcpExtListenDrops without an overflow; many reports of hosts that lost their default route"
RIGHT = [expected("no-route", "local-configuration", at_least="likely", mentions=["does not answer"])]
ACCEPTABLE = []


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    client.sysctl(tcp_syn_retries=2, tcp_syn_linear_timeouts=0)
    server.ip("route del 0.0.0.0/0" if lab.family == 4 else "route del ::/0")

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        listener.close()

    program = server.start(service, name="webd")
    with lab.record(client, mid, server):
        assert client.run(traffic.connect_error, lab.address(server), 8080, name="curl")
    program.finish()
