"""Healthy: nginx is reloaded again and again under load; old workers finish and close their idle connections.

The listening sockets pass from the old workers to the new ones, requests under way are finished, and idle keep-alive connections get a FIN. The
clients reconnect. Nobody is refused or reset.
"""

import http.client
import signal
import time

import web_common

SOURCE = "nginx/nginx pull 437 and alibaba/tengine #1074: reload closes idle keep-alive connections"
NEEDS = ("nginx",)
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair()
    process = web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} return 200 hello;")

    def idle():
        connection = http.client.HTTPConnection(lab.address(server), 8080)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"hello"
        yield
        web_common.await_state(connection.sock, web_common.CLOSE_WAIT)
        connection.close()

    def busy():
        asked, until = 0, time.monotonic() + 4
        while time.monotonic() < until:
            connection = http.client.HTTPConnection(lab.address(server), 8080)
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"hello"
            connection.close()
            asked += 1
        return asked

    with lab.record(client, server):
        sleepers = [client.start(idle) for _ in range(4)]
        load = client.begin(busy)
        for _ in range(3):
            time.sleep(1)
            process.send_signal(signal.SIGHUP)
        assert load.finish() > 50
        for sleeper in sleepers:
            sleeper.finish()
