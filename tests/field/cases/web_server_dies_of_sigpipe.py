"""A chat server is gone and all its users are cut off, since one of them left: it wrote to that connection and died of SIGPIPE.

Its kernel answered the leaver's RST with SIGPIPE at the next write, which the server does not catch. Both ends are recorded.
"""

import errno
import os
import signal
import time

import traffic
from judge import expected

SOURCE = "signal(7) and send(2) on SIGPIPE; curl's CURLOPT_NOSIGNAL, openssl's BIO documentation on writes to closed connections"
RIGHT = [expected(("process-died", "listener-gone"), "local-application", at_least="likely", mentions=["chatd", "SIGPIPE"])]
ACCEPTABLE = [
    [
        expected(("process-died", "listener-gone"), "local-application", mentions=["chatd"]),
        expected("reset-sent", "local-application", mentions=["leaver"]),
    ],
]


def scenario(lab):
    client, server = lab.pair()

    def chat_server():
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        listener = traffic.listen(7000, lab.family)
        yield
        connections = [listener.accept()[0] for _ in range(2)]
        while True:
            for connection in connections:
                os.write(connection.fileno(), b"tick")
            time.sleep(0.1)

    def stayer():
        connection = traffic.connect(lab.address(server), 7000)
        yield
        while connection.recv(100):
            pass
        yield "cut off"

    def leaver():
        connection = traffic.connect(lab.address(server), 7000)
        for _ in range(5):
            connection.recv(100)
        connection.close()

    serving = server.start(chat_server, name="chatd")
    serving.go()
    with lab.record(client, server):
        staying = client.start(stayer)
        client.run(leaver)
        assert staying.step() == "cut off"
        assert client.run(traffic.connect_error, lab.address(server), 7000) == errno.ECONNREFUSED
    serving.kill()
