"""A client uses its port again while the server still has the closed connection in TIME_WAIT: by its timestamps the server takes the SYN at once.
Nothing is wrong."""

import traffic

PORT = 5061


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(PORT, lab.family)
        yield
        for _ in range(3):
            connection, _ = listener.accept()
            connection.sendall(b"x")
            connection.close()
            yield

    def asking():
        for _ in range(3):
            connection = traffic.connect_from(40001, lab.address(server), PORT)
            assert traffic.receive(connection, 2) == b"x"
            connection.close()
            yield

    program = server.start(frontend)
    with lab.record(client, server):
        asker = client.begin(asking)
        for step in range(3):
            program.go()
            asker.await_step() if step == 0 else asker.step()
            program.await_step()

    lab.expect_nothing_else()
