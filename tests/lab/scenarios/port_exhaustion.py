"""All local ports to one destination are in use, and the next connect() fails before a packet leaves.

The client may use 10 ports and holds 10 connections; the eleventh gets EADDRNOTAVAIL. Before that, in the same range, a socket's
bind() meets a port that is taken and takes another: that is no finding.
"""

import errno
import socket

import traffic


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(ip_local_port_range="40000 40009")

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connections = [listener.accept()[0] for _ in range(10)]
        yield
        for connection in connections:
            connection.close()

    def asking():
        taken = traffic.listen(6000, lab.family)
        second = socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM)
        assert traffic.error_of(second.bind, (traffic.ANY[lab.family], 6000)) == errno.EADDRINUSE
        second.bind((traffic.ANY[lab.family], 6001))
        second.close()
        taken.close()
        connections = [traffic.connect(lab.address(server), 5061) for _ in range(10)]
        yield traffic.connect_error(lab.address(server), 5061)
        for connection in connections:
            connection.close()

    program = server.start(frontend)
    with lab.record(client, server):
        asker = client.begin(asking)
        program.step()
        assert asker.await_step() == errno.EADDRNOTAVAIL
        asker.finish()
        program.finish()

    lab.expect("port-exhaustion", culprit="local-configuration", certainty="proven", count=1, mentions=["asking", "5061"])
    lab.example("port-exhaustion")
    lab.expect_nothing_else()
