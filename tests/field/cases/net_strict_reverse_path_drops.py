"""A server with two interfaces drops what comes in on the second: strict rp_filter, since the way back to the client is by the first.

Only the server is recorded.
"""

import errno

import traffic
from judge import expected

SOURCE = "aws/amazon-vpc-cni-k8s and projectcalico/calico documentation on rp_filter (loose mode for second interfaces)"
FAMILIES = (4,)
RIGHT = [expected("local-drop", ("local-configuration", "local-kernel"), at_least="likely", mentions=["rp_filter"])]
ACCEPTABLE = []


def scenario(lab):
    client, router, server = lab.chain("client", "router", "server")
    side = lab.host("side")
    across, second = lab.cable(router, side, 3), lab.cable(side, server, 4)
    router.ip(f"route add 10.77.4.0/24 via {across[1][4]}")
    side.sysctl(ip_forward=1)
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)
    server.sysctl(ipv4__conf__all__rp_filter=1)

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        listener.close()

    program = server.start(service, name="webd")
    with lab.record(server):
        assert client.run(traffic.connect_error, second[1][4], 8080) == errno.ETIMEDOUT
    program.finish()
