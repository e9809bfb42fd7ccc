"""Eight threads of one program connect at once: half of the connects succeed, half are refused.

Threads share the process and interleave their calls; each event must still reach the right connection. The refusals fold
into one finding that counts them all; the connections that worked are not part of it.
"""

import errno
import socket
import threading

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        traffic.accept_and_outlast(listener, 8 * 10)

    def connecting():
        errors = []

        def work():
            for _ in range(10):
                connection = traffic.connect(lab.address(server), 5061)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)
                connection.close()
                errors.append(traffic.connect_error(lab.address(server), 5062))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return errors

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        client_program = client.begin(connecting)
        assert client_program.await_step() == [errno.ECONNREFUSED] * 80
        program.await_step()

    lab.expect("connect-refused", culprit="local-configuration", certainty="proven", count=80, mentions=["connecting"])
    lab.expect("endpoint-down", certainty="proven", count=1)  # how the port stands, beside the verdict
    lab.expect_nothing_else()
    owners = {connection["process.pid"] for connection in lab.connections(client, "client")}
    assert owners == {client_program.pid}, f"the client's connections belong to {owners}, not to {client_program.pid}"
