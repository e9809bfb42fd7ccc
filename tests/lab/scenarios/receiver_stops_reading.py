"""A receiver stops reading for 6 s; its buffer fills, its window closes, and the sender stands still.

zero-window-stall names the process that does not read, what it does instead, and what waited; proven, because the recorder saw its
socket. The sender's kernel asks with zero-window probes.
"""

import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        time.sleep(6)
        while connection.recv(1 << 20):
            pass
        connection.close()

    def sending():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(bytes(8 << 20))
        connection.close()

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        client.run(sending)
        program.await_step()

    found = lab.expect("zero-window-stall", culprit="local-application", certainty="proven", mentions=["frontend", program.pid])
    assert any("clock_nanosleep" in reason for reason in found["reasons"]), f"what it did instead is not told: {found['reasons']}"
    lab.expect_nothing_else()
    lab.example("zero-window-stall")
