"""A load balancer checks a server's port every 2 s and resets its own connection each time; beside it a real client works. Nothing is found."""

import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        for _ in range(5):
            connection, _ = listener.accept()
            traffic.error_of(connection.recv, 1)
            connection.close()

    def checking():
        for _ in range(4):
            traffic.close_with_reset(traffic.connect(lab.address(server), 5061))
            time.sleep(2)

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        time.sleep(1)
        connection.close()

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        checker = client.begin(checking)
        client.run(asking)
        checker.finish()

    lab.expect_nothing_else()
