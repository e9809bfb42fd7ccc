"""A server cannot start because another process listens on its port: the finding names that process.

Then the other has closed a connection first and ended; its port is in TIME_WAIT, and a server without SO_REUSEADDR cannot start either.
"""

import errno
import socket

import traffic


def scenario(lab):
    client, server = lab.pair()

    def holder():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        connection.close()
        yield
        listener.close()

    def latecomer():
        listener = socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM)
        error = traffic.error_of(listener.bind, (traffic.ANY[lab.family], 5061))
        listener.close()
        return error

    def caller():
        connection = traffic.connect(lab.address(server), 5061)
        connection.recv(1)
        connection.close()

    for word in ("listens", "TIME_WAIT"):
        with lab.record(server):
            program = server.start(holder)
            if word == "listens":
                assert server.run(latecomer) == errno.EADDRINUSE
                program.kill()
            else:
                program.go()
                client.run(caller)
                program.await_step()
                program.finish()
                assert server.run(latecomer) == errno.EADDRINUSE

        lab.read_report()
        lab.expect("port-exhaustion", culprit="local-configuration", certainty="proven", count=1, mentions=["latecomer", "holder", word])
        lab.expect_nothing_else()
