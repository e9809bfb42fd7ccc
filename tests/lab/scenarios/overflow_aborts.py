"""A full accept queue with net.ipv4.tcp_abort_on_overflow=1: the kernel resets clients that would otherwise wait.

The queue must fill while handshakes are under way, because a SYN that finds it full is dropped all the same: a device between holds the last ACKs
back, so that the requests complete the handshakes. The clients see a connection that is reset at once. The report names the process that does not accept, and the sysctl.
Near miss: under the same sysctl another server takes its time and has room for all that wait.
"""

import time

import traffic


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    server.sysctl(tcp_abort_on_overflow=1)
    mid.nft("""
        table inet hold {
          chain f {
            type filter hook forward priority 0;
            tcp dport 5061 tcp flags == ack drop
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5061, lab.family, backlog=4)
        yield
        time.sleep(4)

    def roomy():
        listener = traffic.listen(5062, lab.family)
        yield
        time.sleep(1.5)
        for _ in range(3):
            connection, _ = listener.accept()
            connection.sendall(traffic.receive(connection, 5))
            connection.recv(1)
            connection.close()
        yield

    def waiting():
        connections = [traffic.connect(lab.address(server), 5062) for _ in range(3)]
        for connection in connections:
            connection.sendall(b"hello")
        for connection in connections:
            assert traffic.receive(connection, 5) == b"hello"
            connection.close()

    def asking():
        waiting = []
        for count in (4, 3):  # as many half-open ones as fit, when there is room for one more in the accept queue
            fresh = [traffic.connect(lab.address(server), 5061) for _ in range(count)]
            for connection in fresh:
                traffic.error_of(connection.sendall, b"a request")
            waiting += fresh
            time.sleep(0.3)
        yield
        return len(waiting)

    program, other = server.start(frontend), server.start(roomy)
    with lab.record(client, server):
        program.go()
        other.go()
        waiter = client.begin(waiting)
        asker = client.start(asking)
        time.sleep(2.5)
        waiter.await_step()
        other.await_step()

    lab.expect("accept-queue-overflow", culprit="local-application", mentions=["frontend", "tcp_abort_on_overflow", "2 clients"])
    lab.expect_nothing_else()
    asker.finish()
