"""A connection is idle with keepalive on, and every probe is answered: nothing is found. The probes show in its timeline."""

import socket
import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(1)
        connection.close()

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        time.sleep(4.5)
        connection.close()

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        client.run(asking)
        program.await_step()

    lab.expect_nothing_else()
    probes = [event for event in lab.report.of("event") if event["kind"] == "timer" and event["timer"] == "keepalive" and event["what"] == "fired"]
    assert len(probes) >= 2, f"{len(probes)} keepalive timers were seen, two at least were due"
    assert all(event["retransmits"] == 0 for event in probes), "an answered probe counts as unanswered"
