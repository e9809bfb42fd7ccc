"""A server listens and never accepts: it waits for something else.

Handshakes complete, requests are acknowledged, and nobody answers. hung-service names the process, and shows in which call it sleeps.
"""

import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        time.sleep(8)
        listener.close()

    def asking():
        connections = [traffic.connect(lab.address(server), 5061) for _ in range(2)]
        for connection in connections:
            connection.sendall(b"a request")
        yield

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        client.start(asking)
        time.sleep(7.2)

    found = lab.expect("hung-service", culprit="local-application", certainty="likely", mentions=["frontend", program.pid, "2 connections wait"])
    assert any("clock_nanosleep" in reason for reason in found["reasons"]), f"the call that it sleeps in is not told: {found['reasons']}"
    lab.expect_nothing_else()
