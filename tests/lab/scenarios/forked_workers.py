"""Forked workers that accept on one listener they inherited: a healthy server of the classic kind.

The parent listens; four workers accept, answer and close. Every accepted connection belongs to the worker that accepted it,
not to the parent and not to whoever the softirq interrupted. Nothing is wrong, so nothing is found.
"""

import os
import signal
import socket

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        workers = []
        for _ in range(4):
            pid = os.fork()
            if pid == 0:
                while True:
                    connection, _ = listener.accept()
                    connection.sendall(str(os.getpid()).encode())
                    connection.recv(1)  # the client closes first
                    connection.close()
            workers.append(pid)
        yield workers
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def asking():
        answers = {}
        for _ in range(100):
            with traffic.connect(lab.address(server), 5061) as connection:
                answers[connection.getsockname()[1]] = int(connection.recv(20))
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)
        return answers

    program = server.start(frontend)
    with lab.record(client, server):
        answers = client.run(asking)
    program.finish()

    lab.expect_nothing_else()
    owners = {each["network.peer.port"]: each.get("process.pid") for each in lab.connections(server, "server")}
    wrong = {port: (pid, owners.get(port)) for port, pid in answers.items() if owners.get(port) != pid}
    assert not wrong, f"the owner is not who accepted (peer port: accepted by, reported): {wrong}"
