"""A server takes a request and does not answer; its kernel acknowledges all the same.

Requests are longer than a ping (64 bytes): what is shorter need not ask anything. A first client gets an answer, then asks again, waits 7 s and gives up. With both hosts recorded it is proven that the request reached the
server's process; with the client's host alone it is likely.
"""

import time

import traffic

LIMIT = 120
SIZE = 100


def scenario(lab):
    client, server = lab.pair()
    for hosts, certainty in (((client,), "likely"), ((client, server), "proven")):

        def frontend():
            listener = traffic.listen(5061, lab.family)
            yield
            connection, _ = listener.accept()
            connection.sendall(traffic.receive(connection, SIZE))
            traffic.receive(connection, SIZE)
            connection.recv(1)
            connection.close()

        def asking():
            connection = traffic.connect(lab.address(server), 5061)
            connection.sendall(b"h" * SIZE)
            traffic.receive(connection, SIZE)
            connection.sendall(b"a" * SIZE)
            time.sleep(7)
            connection.close()

        program = server.start(frontend)
        with lab.record(*hosts, options=("--port", "5061", "--segments")):
            program.go()
            client.run(asking)
            program.await_step()

        lab.read_report()
        lab.expect("server-silent", culprit="peer-application", certainty=certainty, count=1, mentions=["asking", f"{SIZE} bytes", "7.0 s"])
        lab.example("server-silent")
        lab.expect_nothing_else()
