"""Two routers send a network's packets to each other until the hop limit is used up; connect() ends with "No route to host".

The address belongs to a service that is announced and that nobody has: the first router knows it from the second one, the second one sends it along its
default route, back to the first. Only the client is recorded.
"""

import errno

import traffic
from judge import expected

SOURCE = "projectcalico/calico #5039 and #3689: routing loops of service addresses between nodes and their default gateway"
RIGHT = [expected("host-unreachable", "path", at_least="likely")]
ACCEPTABLE = []

ADDRESS = {4: "10.96.0.10", 6: "fd96::10"}
NETWORK = {4: "10.96.0.0/16", 6: "fd96::/64"}


def scenario(lab):
    client, first, second = lab.chain("client", "first", "second")
    second.sysctl(ip_forward=1, ipv6__conf__all__forwarding=1)
    first.ip(f"route add {NETWORK[lab.family]} via {lab.address(second)}")
    with lab.record(client):
        assert client.run(traffic.connect_error, ADDRESS[lab.family], 443, name="deployer") == errno.EHOSTUNREACH
