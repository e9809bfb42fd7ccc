"""A service restarts without losing anybody: the new process listens (SO_REUSEPORT) before the old one drains its queue and goes.

Clients come all the time. None is refused, none waits, and nothing is found.
"""

import select
import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def answer(listener):
        connection, _ = listener.accept()
        traffic.receive(connection, 5)
        connection.sendall(b"hello")
        connection.recv(1)
        connection.close()

    def frontend():
        listener = traffic.listen(5061, lab.family, reuse_port=True)
        yield
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            if select.select([listener], [], [], 0.05)[0]:
                answer(listener)
        yield  # the last one works on until the recording is over
        listener.close()

    def drain_and_go(meeting):
        listener = traffic.listen(5061, lab.family, reuse_port=True)
        yield
        until = time.monotonic() + 1
        while time.monotonic() < until:
            if select.select([listener], [], [], 0.05)[0]:
                answer(listener)
        meeting.wait()  # the clients make a pause, as a load balancer would
        while select.select([listener], [], [], 0.1)[0]:
            answer(listener)
        listener.close()
        meeting.wait()

    def asking(meeting):
        def ask():
            connection = traffic.connect(lab.address(server), 5061)
            connection.sendall(b"hello")
            assert traffic.receive(connection, 5) == b"hello"
            connection.close()

        for _ in range(30):
            ask()
            time.sleep(0.01)
        meeting.wait()
        meeting.wait()
        for _ in range(30):
            ask()

    meeting = lab.meeting()
    with lab.record(client, server):
        old = server.start(drain_and_go, meeting, name="old")
        new = server.start(frontend, name="new")
        old.go()
        new.go()
        client.run(asking, meeting)
        old.await_step()
        new.await_step()

    lab.expect_nothing_else()
