"""A pool throws away idle connections that it opened before the recording began, with SO_LINGER 0. Nobody is hurt.

The near miss: the same with an answer unread.
"""

import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        taken = [listener.accept()[0] for _ in range(3)]
        for connection in taken:
            connection.recv(5)
            connection.sendall(b"hello")
        yield
        taken[2].sendall(b"an answer that nobody reads")
        yield
        for connection in taken:
            connection.close()

    def pooling():
        pool = [traffic.connect(lab.address(server), 5061) for _ in range(3)]
        for connection in pool:
            connection.sendall(b"hello")
            traffic.receive(connection, 5)
        yield
        for connection in pool[:2]:
            traffic.close_with_reset(connection)
        yield
        traffic.close_with_reset(pool[2])
        yield

    program = server.start(frontend)
    program.go()
    pool = client.start(pooling, name="pool")
    program.await_step()
    time.sleep(1.2)
    with lab.record(client, server):
        pool.step()
        program.step()
        time.sleep(0.2)
        pool.step()
        time.sleep(0.2)

    lab.expect("reset-sent", culprit="local-application", count=1, mentions=["pool"])
    lab.expect_nothing_else()
    program.step()
