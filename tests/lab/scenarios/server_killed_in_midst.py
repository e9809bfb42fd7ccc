"""Workers of a database-like server are killed while they work on requests: their clients read an end of file, and the listening socket stays.

The kernel closes with FIN, nothing is refused and nothing is reset. process-died names the worker, the signal and its client. The near miss is a worker
that ends by SIGTERM while its client idles.
"""

import os
import signal
import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def postmaster():
        listener = traffic.listen(5061, lab.family)
        yield
        for _ in range(2):
            connection, _ = listener.accept()
            pid = os.fork()
            if pid == 0:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                listener.close()
                connection.sendall(b"hello")
                connection.recv(100)
                time.sleep(60)
            connection.close()
            time.sleep(0.3)
            yield pid

    def asking(request):
        connection = traffic.connect(lab.address(server), 5061)
        yield
        traffic.receive(connection, 5)
        if request:
            connection.sendall(b"select")
        time.sleep(0.2)
        yield
        yield connection.recv(1)

    program = server.start(postmaster)
    with lab.record(client, server):
        for request, number in ((True, signal.SIGKILL), (False, signal.SIGTERM)):
            asker = client.start(asking, request)
            worker = program.step()
            asker.step()
            os.kill(worker, number)
            assert asker.step() == b""

    lab.expect("process-died", culprit="local-application", certainty="proven", count=1, mentions=["postmaster", "SIGKILL", "1 open connection"])
    lab.example("process-died")
    lab.expect_nothing_else()
