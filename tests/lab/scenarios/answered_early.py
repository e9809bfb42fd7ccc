"""A server answers before it has read the whole request, and closes with the rest unread: 413, 503. Its kernel sends RST.

One client has the whole answer by then, so nobody lost anything; another one's answer is cut off by the RST, and that is the server's doing.
A third server answers nothing at all.
"""

import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def early():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(10)
        connection.sendall(b"HTTP/1.1 413 too large\r\n\r\n")
        time.sleep(0.05)  # it arrives
        connection.close()

    def rude():
        listener = traffic.listen(5062, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(10)
        time.sleep(0.2)
        connection.close()

    def asking(port):
        connection = traffic.connect(lab.address(server), port)
        connection.sendall(b"POST /\r\n" + bytes(5000))
        time.sleep(0.5)
        traffic.error_of(connection.recv, 100)
        connection.close()

    programs = [server.start(early), server.start(rude)]
    for hosts in ((client, server), (server,)):
        if hosts != (client, server):
            programs = [server.start(early), server.start(rude)]
        with lab.record(*hosts):
            for program in programs:
                program.go()
            for port in (5061, 5062):
                client.run(asking, port)
            for program in programs:
                program.await_step()
        lab.read_report()
        lab.expect("reset-sent", culprit="local-application", count=1, mentions=["rude", "unread"])
        lab.expect_nothing_else()
        assert [one["pattern"] for one in lab.report.of("benign")] == ["abort-after-exchange"], lab.report.of("benign")
