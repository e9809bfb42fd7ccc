"""Path MTU discovery that works: the router's ICMP error arrives, the answer is sent again in smaller segments. Nothing is found."""

import traffic


def scenario(lab):
    edge, mid, fe = lab.chain()
    mid.ip("link set to-edge mtu 1300")

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(100)
        connection.sendall(b"x" * 50000)
        connection.close()

    def asking():
        connection = traffic.connect(lab.address(fe), 5061)
        connection.sendall(b"hello")
        assert len(traffic.receive(connection, 50000)) == 50000
        connection.close()

    with lab.record(mid, fe):
        program = fe.start(frontend)
        program.go()
        edge.run(asking)
        program.await_step()

    lab.expect_nothing_else()
    told = [event for event in lab.report.of("event") if event["kind"] == "icmp" and event.get("next_hop_mtu_bytes") == 1300]
    assert any(event.get("connection") for event in told), f"no ICMP error with the MTU belongs to the connection: {told}"
