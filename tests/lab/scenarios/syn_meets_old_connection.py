"""A SYN comes with the ports of an older connection, as behind a shared address translation: of one that the server has open still, and of one
in TIME_WAIT there. Both are answered by a bare ACK, not by SYN-ACK; the client resets, and its SYN sent again is taken.

A bare ACK is not recorded otherwise. Without it the server would seem to have sent nothing back.
"""

import traffic

PORTS = {"open": 40001, "time_wait": 40002}


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(tcp_timestamps=0)  # by timestamps the server would know which SYN is the newer one

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        held, _ = listener.accept()
        closed, _ = listener.accept()
        closed.close()
        yield
        again = [listener.accept()[0] for _ in PORTS]
        yield
        del held, again

    def asking():
        to = lab.address(server), 5061
        traffic.forget(traffic.connect_from(PORTS["open"], *to))
        connection = traffic.connect_from(PORTS["time_wait"], *to, isn=1_000_000)
        assert connection.recv(1) == b""
        connection.close()
        yield
        again = [traffic.connect_from(PORTS["open"], *to), traffic.connect_from(PORTS["time_wait"], *to, isn=900_000)]
        yield
        del again

    program = server.start(frontend)
    with lab.record(client, server):
        asker = client.begin(asking)
        program.step()
        asker.await_step()
        program.go()
        asker.step()
        program.await_step()

    packets = lab.events(server, "packet")
    for port in PORTS.values():
        flags = [packet["flags"] for packet in packets if packet["network.peer.port"] == port and packet["direction"] == "out"]
        assert flags.count("ACK") == 1, f"the answer to the SYN from port {port}: {flags}"
    assert not any(packet["payload_bytes"] for packet in packets), "data was recorded"

    lab.expect("reset-received", certainty="likely", count=1, mentions=["a new SYN with its address and port had come before"])
    lab.expect_nothing_else()
