"""A server is listened on and does not answer: it left a filter on its own listening socket that drops everything.

Programs attach one while they are drained or configured (SO_ATTACH_FILTER). No firewall and no control group is involved. Only the server is recorded.
"""

import errno

import packet_filters
import traffic
from judge import expected

SOURCE = "socket(7) on SO_ATTACH_FILTER; libpcap's filter that drops all while the socket is drained"
RIGHT = [expected("local-drop", ("local-application", "local-configuration"), mentions=["filter"])]
ACCEPTABLE = [[expected("local-drop", at_most="likely")]]


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)

    def service():
        listener = traffic.listen(8080, lab.family)
        packet_filters.drop_all(listener)
        yield
        listener.close()

    program = server.start(service, name="webd")
    with lab.record(server):
        assert client.run(traffic.connect_error, lab.address(server), 8080) == errno.ETIMEDOUT
    program.finish()
