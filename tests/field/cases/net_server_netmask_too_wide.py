"""Clients of another network get no answer from a server that everybody on its own link reaches: its netmask is too wide.

The server takes the client for a neighbour and asks for it on its own link, where nobody answers. The SYN arrives; no SYN-ACK ever leaves. Client, router
and server are recorded. Nothing is lost on the way.
"""

import traffic
from judge import expected

SOURCE = "ip-address(8) and the usual advice on /16 against /24; the kernel's NEIGH_FAILED drops"
RIGHT = [expected(("host-unreachable", "no-route"), ("local-configuration", "local-kernel"), at_least="likely", mentions=["does not answer"])]
ACCEPTABLE = [[expected(("connect-timeout", "handshake-incomplete", "host-unreachable"), ("peer-host", "local-configuration", "local-kernel"), at_most="likely")]]

TOO_WIDE = {4: "10.77.1.0/24", 6: "fd77:1::/64"}


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    client.sysctl(tcp_syn_retries=2, tcp_syn_linear_timeouts=0)
    server.ip(f"route add {TOO_WIDE[lab.family]} dev to-mid")

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        listener.close()

    program = server.start(service, name="webd")
    with lab.record(client, mid, server):
        assert client.run(traffic.connect_error, lab.address(server), 8080, name="curl")
    program.finish()
