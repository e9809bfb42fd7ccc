"""A server is killed with -9 while connections are open, and new ones come.

Three clients hold open connections, with requests that the server has not read. The kill closes every socket of the process:
the open connections are reset, and each later connect is refused, because nobody listens any more. All that is one cause and
one finding: listener-gone names the process, its pid, the signal and what followed; proven. Beside it endpoint-down tells how the
destination stands: five connects in a row have failed.
"""

import errno
import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connections = [listener.accept()[0] for _ in range(3)]
        yield len(connections)

    def asking():
        connections = [traffic.connect(lab.address(server), 5061) for _ in range(3)]
        for connection in connections:
            connection.sendall(b"a request")
        yield
        yield [traffic.error_of(connection.recv, 1) for connection in connections]

    program = server.start(frontend)
    with lab.record(client, server):
        asker = client.start(asking)
        assert program.step() == 3
        program.kill()
        assert asker.step() == [errno.ECONNRESET] * 3
        for _ in range(5):
            assert client.run(traffic.connect_error, lab.address(server), 5061, name="late") == errno.ECONNREFUSED
            time.sleep(0.05)

    lab.expect("listener-gone", culprit="local-application", certainty="proven", mentions=["frontend", program.pid])
    lab.expect("endpoint-down", certainty="proven", count=1)
    lab.example("listener-gone")
    lab.expect_nothing_else()
