"""A server closes in good order, and the client goes on sending.

The server's close() sends FIN. The client does not look for it and sends more; nobody can read that any more, so the server's
kernel answers with RST. Nothing on the path did this: reset-sent, local-application, proven.
"""

import errno
import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        connection.close()
        yield

    def talking():
        connection = traffic.connect(lab.address(server), 5061)
        yield
        connection.sendall(b"are you still there?")
        time.sleep(0.1)
        yield traffic.error_of(connection.sendall, b"hello?")

    program = server.start(frontend)
    with lab.record(client, server):
        talker = client.start(talking)
        program.step()
        assert talker.step() == errno.EPIPE

    lab.expect("reset-sent", culprit="local-application", certainty=lab.when_told, count=1)
    lab.expect_nothing_else()
