"""Near misses of a request that is given up: nothing is found on any of them.

A keep-alive connection closed after idling, an answer that took 3 s, a client that closed its half and got its answer after it, a shipper of lines that
nobody answers and that closes when it is done, a connection that was only held ready.
"""

import socket
import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def answers():
        listener = traffic.listen(5061, lab.family)
        yield
        for delay in (0, 3, 0.7):
            connection, _ = listener.accept()
            connection.recv(100)
            time.sleep(delay)
            connection.sendall(b"an answer")
            connection.recv(1)
            connection.close()
        connection, _ = listener.accept()
        connection.recv(1)
        connection.close()

    def takes():
        listener = traffic.listen(5062, lab.family)
        yield
        connection, _ = listener.accept()
        while connection.recv(1000):
            pass
        connection.close()

    def asking():
        for idle in (2, 0, None):
            connection = traffic.connect(lab.address(server), 5061)
            connection.sendall(b"a request")
            if idle is None:
                connection.shutdown(socket.SHUT_WR)
            traffic.receive(connection, 9)
            time.sleep(idle or 0)
            connection.close()
        spare = traffic.connect(lab.address(server), 5061)
        time.sleep(2)
        spare.close()

    def shipping():
        connection = traffic.connect(lab.address(server), 5062)
        for _ in range(9):
            connection.sendall(b"a line\n")
            time.sleep(0.5)
        connection.close()

    programs = [server.start(answers), server.start(takes)]
    with lab.record(client, server):
        for program in programs:
            program.go()
        clients = [client.begin(asking), client.begin(shipping)]
        for program in (*clients, *programs):
            program.await_step()

    lab.expect_nothing_else()
