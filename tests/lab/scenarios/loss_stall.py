"""Data is lost on the way for some seconds; then it gets through. loss-stall, the path, not the server and not the client.

A device in the middle drops data of one direction until the client has sent the same segment again four times. Nobody's application did anything wrong,
and the connection ends in good order. The near miss before it loses one segment once: that is made good at once, and raises nothing.
"""

import time

import traffic

LIMIT = 90


def scenario(lab):
    edge, mid, fe = lab.chain()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        for _ in range(2):
            connection, _ = listener.accept()
            traffic.receive(connection, 10)
            connection.sendall(b"0123456789")
            connection.recv(1)
            connection.close()

    def asking():
        connection = traffic.connect(lab.address(fe), 5061)
        yield
        connection.sendall(b"0123456789")
        yield traffic.receive(connection, 10)
        connection.close()

    def rules(condition):
        """Drops the client's data (PSH) where this holds."""
        mid.nft(f"""
            table inet t {{
              chain f {{
                type filter hook forward priority 0;
                tcp dport 5061 tcp flags & (psh|ack) == (psh|ack) {condition} counter drop
              }}
            }}
        """)

    server = fe.start(frontend)
    with lab.record(edge, fe):
        server.go()
        rules("numgen inc mod 1000 < 1")
        client = edge.start(asking, name="quick")
        assert client.step() == b"0123456789"
        client.finish()
        mid.nft("flush ruleset")

        client = edge.start(asking, name="stalled")
        rules("")
        client.go()
        time.sleep(4.5)  # 0.2, 0.4, 0.8, 1.6 s: four timeouts
        mid.nft("flush ruleset")
        assert client.await_step() == b"0123456789"
        client.finish()
        server.await_step()

    lab.expect("loss-stall", culprit="path", count=1, mentions=["stalled"])
    lab.example("loss-stall")
    lab.expect_nothing_else()
