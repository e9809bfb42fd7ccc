"""A server closes, and the client's next bytes come with the ACK of its FIN: they end the socket, and only then the kernel answers with RST.

So that RST's record follows the end of its socket, which has no port any more. A recording by port or by process must hold it all the same: without
it the RST would seem to be made by somebody else.
"""

import errno
import os
import time

import traffic

LIMIT = 120
TURNS = 20  # after so many the client's kernel waits with its ACKs, to send them along with data


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        for _ in range(TURNS):
            connection.sendall(connection.recv(100))
        connection.close()
        yield

    def talking():
        connection = traffic.connect(lab.address(server), 5061)
        for _ in range(TURNS):
            connection.sendall(b"hello")
            connection.recv(100)
        assert connection.recv(100) == b""
        connection.sendall(b"one more")
        time.sleep(0.1)
        return traffic.error_of(connection.sendall, b"hello?")

    for options in ((), ("--port", "5061"), ("--comm", "frontend")):
        program = server.start(frontend, name="frontend")
        with lab.record(client, server, options=options):
            program.go()
            assert client.run(talking, name="talking") in (errno.EPIPE, errno.ECONNRESET)
            program.await_step()
        program.finish()

        lab.read_report()
        lab.expect("reset-sent", culprit="local-application", certainty=lab.when_told, count=1, mentions=["frontend"])
        lab.expect_nothing_else()
        os.unlink(lab.trace)
