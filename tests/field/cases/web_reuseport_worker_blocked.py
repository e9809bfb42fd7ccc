"""Every other request hangs: two workers listen with SO_REUSEPORT, and one of them sits in a long computation.

The kernel deals connections out by their addresses, so that those dealt to the blocked worker wait, although the other is idle. Both ends are recorded.
"""

import time

import traffic
import web_common
from judge import expected

SOURCE = "Kong/kong #12359, puma/puma #2078 (what SO_REUSEPORT does when one worker is blocked)"
NEEDS = ("curl",)
RIGHT = [expected("hung-service", "local-application", at_least="likely", mentions=["blocked-worker"])]
ACCEPTABLE = [[expected(("hung-service", "server-silent"), ("local-application", "peer-application"), at_most="likely")]]


def scenario(lab):
    client, server = lab.pair()

    def idle():
        listener = traffic.listen(8080, lab.family, reuse_port=True)
        yield
        while True:
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
            connection.close()

    def blocked():
        listener = traffic.listen(8080, lab.family, reuse_port=True)
        yield
        while listener:
            time.sleep(0.01)

    workers = server.start(idle, name="idle-worker"), server.start(blocked, name="blocked-worker")
    for worker in workers:
        worker.go()
    with lab.record(client, server):
        statuses = {web_common.curl(lab, client, "-m", "1.5", web_common.url(lab, server, 8080)).returncode for _ in range(8)}
    assert statuses == {0, 28}, statuses
