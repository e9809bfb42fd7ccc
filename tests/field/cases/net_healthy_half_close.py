"""HEALTHY: a client that sent its request closes its half at once, and reads an answer that takes some seconds to come.

socat and nc -N do so. For six seconds the server holds a connection whose client said goodbye. Both ends are recorded.
"""

import time

import net_common as net
import programs
import traffic
from judge import NONE

SOURCE = "socat's manual (-t), OpenBSD nc's -N; reports about proxies that wrongly take a half-close for a close"
NEEDS = ("socat",)
RIGHT = NONE


def scenario(lab):
    client, server = lab.pair()

    def service():
        listener = traffic.listen(4444, lab.family)
        yield
        connection, _ = listener.accept()
        while connection.recv(1000):
            pass
        for _ in range(4):
            time.sleep(1.5)  # the subject of the case
            connection.sendall(b"a line of the answer\n")
        connection.close()

    program = server.start(service, name="report-server")
    with lab.record(client, server):
        program.go()
        done = programs.run(lab, client, "socat", "-t", "20", "-", f"TCP:{net.bracketed(lab.address(server))}:4444", input="a request\n")
        assert done.stdout.count("answer") == 4, done
        program.await_step()
