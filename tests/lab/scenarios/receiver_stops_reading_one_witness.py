"""The same stall, seen by the sender alone: it is the peer's application, likely, and the peer's trace would settle it."""

import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        time.sleep(5)
        while connection.recv(1 << 20):
            pass
        connection.close()

    def sending():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(bytes(8 << 20))
        connection.close()

    program = server.start(frontend)
    with lab.record(client):
        program.go()
        client.run(sending, name="sender")
        program.await_step()

    lab.expect("zero-window-stall", culprit="peer-application", certainty="likely", mentions=["sender", "closed"])
    lab.expect_nothing_else()
