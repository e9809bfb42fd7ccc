"""A server with SO_REUSEPORT is reloaded: the old listening socket is closed with connections in its queue, and the kernel resets them.

Nobody was refused, because another socket listens all the time, and nobody used SO_LINGER. The near miss is a reload with an empty queue.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()

    def old(queue):
        listener = traffic.listen(5061, lab.family, reuse_port=True)
        yield
        if not queue:
            connection, _ = listener.accept()
            connection.recv(1)
            connection.close()
        listener.close()
        yield

    def new():
        listener = traffic.listen(5061, lab.family, reuse_port=True)
        yield
        listener.close()

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        yield
        yield traffic.error_of(connection.recv, 1)

    def quick():
        traffic.connect(lab.address(server), 5061).close()

    for queue in (True, False):
        leaving = server.start(old, queue)
        with lab.record(client, server):
            if queue:
                asker = client.start(asking)
            else:
                client.run(quick)
            successor = server.start(new)
            leaving.step()
            if queue:
                assert asker.step() == errno.ECONNRESET
            leaving.finish()
        lab.read_report()
        if queue:
            lab.expect("listener-gone", culprit="local-application", certainty="proven", mentions=["old", "1 connection that nobody had accepted was reset"])
        lab.expect_nothing_else()
        successor.finish()
