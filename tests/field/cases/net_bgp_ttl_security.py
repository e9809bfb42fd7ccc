"""A BGP session over one router never comes up: the listener accepts only packets with a TTL of 255 (ttl-security), and they come with 63.

The kernel drops the SYNs before any socket sees them. Only the host that demands it is recorded.
"""

import errno
import socket

import traffic
from judge import expected

SOURCE = "FRRouting/frr #3280 (neighbour does not come up with ttl-security); RFC 5082"
RIGHT = [expected("local-drop", ("local-configuration", "local-application", "local-kernel"), at_least="likely", mentions=["TTL"])]
ACCEPTABLE = []

IP_MINTTL, IPV6_MINHOPCOUNT = 21, 73


def scenario(lab):
    client, _, server = lab.chain("spine", "transit", "leaf")
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)

    def speaker():
        listener = traffic.listen(179, lab.family)
        listener.setsockopt(*((socket.IPPROTO_IP, IP_MINTTL) if lab.family == 4 else (socket.IPPROTO_IPV6, IPV6_MINHOPCOUNT)), 255)
        yield
        listener.close()

    program = server.start(speaker, name="bgpd")
    with lab.record(server):
        assert client.run(traffic.connect_error, lab.address(server), 179) == errno.ETIMEDOUT
    program.finish()
