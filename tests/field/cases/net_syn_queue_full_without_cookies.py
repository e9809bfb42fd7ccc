"""A client's SYNs are dropped by a server that is idle: half-open connections fill its queue, and syncookies are switched off.

SYNs of addresses that do not answer keep their places for some seconds. The server has room in its accept queue and calls accept(). Only it is recorded.
"""

import errno
import time

import flood
import traffic
from judge import expected

SOURCE = "zaphoyd/websocketpp #549 (tcp_syncookies off by ufw); the kernel's 'Possible SYN flooding ... Dropping request'"
FAMILIES = (4,)
RIGHT = [expected(("accept-queue-overflow", "local-drop"), ("local-configuration", "local-kernel"), at_least="likely", mentions=["8080"])]
ACCEPTABLE = [[expected(("accept-queue-overflow", "local-drop", "unexplained"), ("local-configuration", "local-kernel", "unknown"), at_most="likely")]]
BESIDE = [expected("handshake-incomplete", ("path", "peer-host", "unknown"), at_most="likely")]


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)
    server.sysctl(tcp_syncookies=0, tcp_max_syn_backlog=16)
    server.ip(f"route add 10.99.0.0/16 via {lab.address(client)}")

    def service():
        listener = traffic.listen(8080, lab.family, backlog=16)
        yield
        listener.accept()

    def flooding():
        for first in range(0, 200, 40):
            flood.send(flood.syns([f"10.99.1.{number}" for number in range(1, 41)], lab.address(server), 8080, 40, first=first), lab.address(server))
            yield
            time.sleep(1)

    server.start(service, name="webd")
    with lab.record(server):
        flooder = client.start(flooding)
        for _ in range(4):
            flooder.go()
        assert client.run(traffic.connect_error, lab.address(server), 8080, name="curl") == errno.ETIMEDOUT
