"""A service is killed, but a child that it once started still holds the listening socket: clients connect and nobody answers.

The descriptor was not close-on-exec. The child (here sleep) knows nothing of the socket; the kernel goes on completing handshakes for it. Clients see a port
that is open and silent, and the service cannot start again. Recorded on the service's host.
"""

import os
import signal
import subprocess
import time

import db_common
import traffic
from judge import expected

SOURCE = "samhocevar/rinetd #10, cesanta/mongoose #1302, tenzir/tenzir #3998, thedotmack/claude-mem #3450"
NEEDS = ("sleep",)
RIGHT = [expected(("hung-service", "listener-gone"), "local-application", at_least="likely", mentions=["sleep"])]
ACCEPTABLE = [[expected(("hung-service", "listener-gone"), "local-application")]]


def scenario(lab):
    client, server = lab.pair("app", "service")

    def daemon():
        listener = traffic.listen(8080, lab.family)
        os.set_inheritable(listener.fileno(), True)
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
        yield child.pid
        while True:
            connection, _ = listener.accept()
            connection.sendall(connection.recv(100))
            connection.close()

    def asking(patience):
        connection = traffic.connect(lab.address(server), 8080)
        connection.settimeout(patience)
        connection.sendall(b"a request")
        try:
            return connection.recv(100)
        except TimeoutError:
            return None
        finally:
            connection.close()

    with lab.record(server):
        service = server.begin(daemon)
        child = service.await_step()
        service.go()
        assert client.run(asking, 5) == b"a request"
        service.kill(signal.SIGKILL)
        for _ in range(3):
            assert client.run(asking, 3) is None
        time.sleep(1)  # one more look at the queue
    os.kill(child, signal.SIGKILL)
    db_common.await_true(lambda: not os.path.exists(f"/proc/{child}") or "Z" in open(f"/proc/{child}/stat").read().split()[2], 5, "the child ends")
