"""A server has no file descriptors left: accept() is called again and again and fails with EMFILE. hung-service names the error, not a process that does not call."""

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

    def asking():
        connections = [traffic.connect(lab.address(server), 5061) for _ in range(2)]
        time.sleep(6)
        for connection in connections:
            connection.close()

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        client.run(asking)
        program.await_step()

    lab.expect("hung-service", culprit="local-application", certainty="proven", count=1, mentions=["frontend", "EMFILE"])
    lab.expect_nothing_else()
