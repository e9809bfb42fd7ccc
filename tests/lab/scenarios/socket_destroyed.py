"""An administrator destroys an open connection with `ss -K` (SOCK_DESTROY): that process did it, and no SO_LINGER."""

import errno
import subprocess

import traffic

NEEDS = ("ss",)


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        yield traffic.error_of(connection.recv, 1)

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(b"hello")
        yield
        yield traffic.error_of(connection.recv, 1)

    def admin():
        subprocess.run(["ss", "-K", "dport", "=", "5061"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    program = server.start(frontend)
    with lab.record(client, server):
        asker = client.start(asking)
        program.step()
        client.run(admin)
        assert asker.step() == errno.ECONNABORTED
        program.step()

    found = lab.expect("reset-sent", culprit="local-application", certainty="proven", count=1, mentions=["ss[", "destroyed", "asking"])
    assert "LINGER" not in found["headline"], found
    lab.expect_nothing_else()
