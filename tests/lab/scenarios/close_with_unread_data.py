"""A server closes a connection without having read all that came.

The client sends a request; the server closes without reading it. Linux then sends RST instead of FIN, and the client's next
read ends with ECONNRESET. The cause is the server's program, which tcpwitness must name: reset-sent, local-application, proven.
The client's end of the same reset is not a finding of its own.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        connection.close()
        yield

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(b"a request that nobody reads")
        yield
        yield traffic.error_of(connection.recv, 100)

    program = server.start(frontend)
    with lab.record(client, server):
        asker = client.start(asking)
        program.step()
        program.step()
        assert asker.step() == errno.ECONNRESET

    lab.expect("reset-sent", culprit="local-application", certainty=lab.when_told, count=1, mentions=["frontend"])
    lab.example("reset-sent")
    lab.expect_nothing_else()
