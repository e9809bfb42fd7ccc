"""A server has no file descriptors left: accept() is called again and again and fails with EMFILE. hung-service names the error, not a process that does not call.

Near miss: a server whose accept() fails for a moment, and that takes and answers its client half a second later.
"""

import errno
import os
import resource
import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        while traffic.error_of(os.dup, 0) == 0:
            pass
        for _ in range(30):
            assert traffic.error_of(listener.accept) == errno.EMFILE
            time.sleep(0.2)
        yield  # it listens until its clients have gone

    def recovers():
        listener = traffic.listen(5062, lab.family)
        yield
        limit = max(map(int, os.listdir("/proc/self/fd"))) + 8  # whoever started this may have had many open
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        spare = os.dup(0)
        while traffic.error_of(os.dup, 0) == 0:
            pass
        for _ in range(3):
            assert traffic.error_of(listener.accept) == errno.EMFILE
            time.sleep(0.15)
        os.close(spare)
        connection, _ = listener.accept()
        connection.sendall(traffic.receive(connection, 5))
        connection.recv(1)
        connection.close()

    def answered():
        connection = traffic.connect(lab.address(server), 5062)
        connection.sendall(b"hello")
        assert traffic.receive(connection, 5) == b"hello"
        connection.close()

    def asking():
        connections = [traffic.connect(lab.address(server), 5061) for _ in range(2)]
        time.sleep(6)
        for connection in connections:
            connection.close()

    programs = [server.start(frontend), server.start(recovers)]
    with lab.record(client, server):
        for program in programs:
            program.go()
        lucky = client.begin(answered)
        client.run(asking)
        lucky.await_step()
        for program in programs:
            program.await_step()

    lab.expect("hung-service", culprit="local-application", certainty="proven", count=1, mentions=["frontend", "EMFILE"])
    lab.expect_nothing_else()
