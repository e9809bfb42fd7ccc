"""Healthy: a browser opens spare connections that it never uses, and nginx closes them after client_header_timeout.

One connection carries the requests, three are only opened. Nobody has asked anything on those, so nobody waits for an answer.
"""

import http.client

import traffic
import web_common

SOURCE = "rust-lang/book #3545; klzgrad/naiveproxy #191: Chrome opens additional TCP connections without sending any data"
NEEDS = ("nginx",)
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair()
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} client_header_timeout 3s; return 200 hello;")

    def browser():
        spares = [traffic.connect(lab.address(server), 8080) for _ in range(3)]
        used = http.client.HTTPConnection(lab.address(server), 8080)
        for _ in range(20):
            used.request("GET", "/")
            assert used.getresponse().read() == b"hello"
        for spare in spares:
            assert spare.recv(1) == b""
            spare.close()
        used.close()

    with lab.record(client, server):
        client.run(browser)
