"""A server closes with FIN, having read a request and sent not a byte: a worker that runs into its time limit, a service that is stopped.

Nothing was reset and nothing timed out: without segments, only the numbers of the FIN tell that the client got no answer. Near misses: a server that
answers and closes; one that only takes data, whose clients are content; one that closes at once what is due no answer.
"""

import os
import time

import traffic

LIMIT = 120


def scenario(lab):
    client, server = lab.pair()

    def gives_up():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(100)
        connection.sendall(b"200 OK")
        connection.close()
        connection, _ = listener.accept()
        connection.recv(100)
        time.sleep(1.3)
        connection.close()

    def only_takes():
        listener = traffic.listen(5062, lab.family)
        yield
        connection, _ = listener.accept()
        traffic.receive(connection, 100)
        time.sleep(1.2)
        connection.close()

    def takes_orders():
        listener = traffic.listen(5063, lab.family)
        yield
        for answer in (b"done", b""):
            connection, _ = listener.accept()
            connection.recv(100)
            connection.sendall(answer)
            connection.close()

    def asking(port):
        connection = traffic.connect(lab.address(server), port)
        connection.sendall(b"x" * 100)
        connection.recv(100)
        connection.close()

    def failing():
        asking(5061)
        os._exit(52)

    for hosts in ((client,), (server,), (client, server)):
        servers = [server.start(program) for program in (gives_up, only_takes, takes_orders)]
        with lab.record(*hosts):
            for program in servers:
                program.go()
            for port in (5061, 5062, 5063, 5063):
                client.run(asking, port, name="content")
            askers = client.begin(failing, name="asker")
            for program in servers:
                program.await_step()
            time.sleep(0.5)
            askers.kill()
        lab.read_report()
        culprit = "local-application" if server in hosts else "peer-application"
        found = lab.expect("server-silent", culprit=culprit, certainty="likely", count=1, mentions=["without an answer: 100 bytes had come"])
        told = " ".join(found["reasons"])
        assert "the service answers other connections" in told, told
        assert ("asker" in found["headline"] and "status 52" in told) or client not in hosts, (found["headline"], told)
        assert "gives_up" in found["headline"] or server not in hosts, found["headline"]
        lab.expect_nothing_else()
