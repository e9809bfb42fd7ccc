"""Several listeners share one port with SO_REUSEPORT: a healthy server of the newer kind.

Three processes listen on the same port, and the kernel deals the connections out. Each belongs to the process whose listener
got it. Nothing is wrong, so nothing is found.
"""

import os
import socket

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family, reuse_port=True)
        yield
        while True:
            connection, _ = listener.accept()
            connection.sendall(str(os.getpid()).encode())
            connection.recv(1)
            connection.close()

    def asking():
        answers = {}
        for _ in range(100):
            with traffic.connect(lab.address(server), 5061) as connection:
                answers[connection.getsockname()[1]] = int(connection.recv(20))
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)
        return answers

    programs = [server.start(frontend, name=f"frontend-{number}") for number in range(3)]
    for program in programs:
        program.go()
    with lab.record(client, server):
        answers = client.run(asking)

    assert len(set(answers.values())) > 1, "the kernel dealt all connections to one listener"
    lab.expect_nothing_else()
    owners = {each["network.peer.port"]: each.get("process.pid") for each in lab.connections(server, "server")}
    wrong = {port: (pid, owners.get(port)) for port, pid in answers.items() if owners.get(port) != pid}
    assert not wrong, f"the owner is not who accepted (peer port: accepted by, reported): {wrong}"
