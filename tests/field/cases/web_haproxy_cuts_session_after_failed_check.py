"""A long session is cut off in the midst, and its server is well: haproxy closed it, since a health check on another port failed.

`on-marked-down shutdown-sessions` ends what runs when the server counts as down. The process that answered the check was killed. Proxy and server are
recorded.
"""

import time

import traffic
import web_common
from judge import expected

SOURCE = "haproxy's configuration manual, 'on-marked-down shutdown-sessions'"
NEEDS = ("haproxy",)
RIGHT = [expected("listener-gone", "local-application", at_least="likely", mentions=["checkd", "haproxy"])]
ACCEPTABLE = [[expected(("listener-gone", "connect-refused", "reset-sent"), ("local-application", "local-configuration"))]]


def scenario(lab):
    client, proxy, server = lab.chain("client", "proxy", "server")

    def application():
        listener = traffic.listen(7000, lab.family)
        yield
        connection, _ = listener.accept()
        while data := connection.recv(100):
            connection.sendall(data)

    def check():
        listener = traffic.listen(9999, lab.family)
        yield
        while True:
            listener.accept()[0].close()

    program, checked = server.start(application), server.start(check, name="checkd")
    for each in (program, checked):
        each.go()
    web_common.haproxy(lab, proxy, 7000, f"""
listen app
    mode tcp
    bind :7000
    bind :::7000 v6only
    server one {lab.address(server)}:7000 check port 9999 inter 400ms fall 2 on-marked-down shutdown-sessions
""")  # fmt: skip

    def session():
        connection = traffic.connect(lab.address(proxy), 7000)
        while True:
            try:
                connection.sendall(b"ping")
                if not connection.recv(10):
                    return "cut off"
            except OSError:
                return "cut off"
            time.sleep(0.1)

    with lab.record(proxy, server):
        user = client.begin(session)
        web_common.until(lambda: web_common.open_connections(server, 7000))
        time.sleep(1)  # checks that succeed
        checked.kill()
        assert user.await_step() == "cut off"
