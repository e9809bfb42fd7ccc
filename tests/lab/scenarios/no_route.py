"""A host without a route to the peer: connect() fails at once with ENETUNREACH. no-route, its configuration, proven.

The near miss: a program that tries IPv6 first on a host that has only IPv4, and then connects over IPv4, is in no trouble.
"""

import errno

import traffic

ELSEWHERE = {4: "198.51.100.7", 6: "2001:db8:77::7"}


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, 4)
        yield
        connection, _ = listener.accept()
        while connection.recv(100):
            pass
        connection.close()

    def both_families():
        assert traffic.connect_error(ELSEWHERE[6], 5061) == errno.ENETUNREACH
        traffic.connect(server.addresses[4], 5061).close()

    program = server.start(frontend)
    with lab.record(client):
        assert client.run(traffic.connect_error, ELSEWHERE[lab.family], 5060, name="lost") == errno.ENETUNREACH
        program.go()
        client.run(both_families)
        program.await_step()

    lab.expect("no-route", culprit="local-configuration", certainty="proven", count=1, mentions=["lost", "ENETUNREACH", "table main"])
    lab.expect_nothing_else()
    lab.example("no-route")
