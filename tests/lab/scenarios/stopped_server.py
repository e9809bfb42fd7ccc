"""A server is stopped (SIGSTOP) while clients work with it, and new ones come.

Its kernel goes on: it completes handshakes until the accept queue is full, acknowledges data, then drops SYNs. The clients see silence
and timeouts. All that is one cause and one finding: hung-service names the process and says that it is stopped.
"""

import errno
import os
import signal
import socket
import time

import traffic


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(tcp_syn_retries=2)

    def frontend():
        listener = traffic.listen(5061, lab.family, backlog=2)
        yield
        connection, _ = listener.accept()
        yield
        connection.recv(100)

    def asking():
        served = traffic.connect(lab.address(server), 5061)
        yield
        served.sendall(b"a request")
        waiting = []
        for _ in range(3):
            waiting.append(traffic.connect(lab.address(server), 5061))
            waiting[-1].sendall(b"another")
        yield traffic.connect_error(lab.address(server), 5061)

    program = server.start(frontend)
    with lab.record(client, server):
        asker = client.start(asking)
        program.step()
        os.kill(program.pid, signal.SIGSTOP)
        assert asker.step() == errno.ETIMEDOUT
        time.sleep(1)

    found = lab.expect("hung-service", culprit="local-application", certainty="likely", count=1, mentions=["frontend", program.pid, "stopped (T)"])
    assert any("1 client got no answer" in reason for reason in found["reasons"]), f"the connect that timed out is not told: {found['reasons']}"
    lab.expect_nothing_else()
    lab.example("hung-service")
