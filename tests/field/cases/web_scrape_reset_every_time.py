"""A monitor's scrape gets a part of the page and a reset, every time: the exporter aborts its answer.

The client asks once a second, at an even pace, and is reset in the midst of each answer. Only it is recorded.
"""

import time

import traffic
import web_common
from judge import expected

SOURCE = "haproxy/haproxy #896 (a scrape of its exporter ends with 'connection reset by peer' in the midst)"
NEEDS = ("curl",)
RIGHT = [expected("reset-received", ("peer-application", "peer-host"), at_most="likely", mentions=["curl"])]
ACCEPTABLE = [[expected("reset-received", ("peer-application", "peer-host", "unknown", "path"), at_most="likely")]]


def scenario(lab):
    client, server = lab.pair("monitor", "exporter")

    def exporter():
        listener = traffic.listen(9100, lab.family)
        yield
        for _ in range(5):
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b"x" * 3000)
            time.sleep(0.05)  # the part arrives
            traffic.close_with_reset(connection)

    program = server.start(exporter)
    program.go()
    with lab.record(client):
        for _ in range(5):
            assert web_common.curl(lab, client, web_common.url(lab, server, 9100, "/metrics")).returncode == 56
            time.sleep(0.6)
        program.await_step()
