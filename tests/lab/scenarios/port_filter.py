"""`--port` is about whole connections: what the kernel side lets through because it knows no port yet does not show in the report.

Two ports are refused and a third one has a listener; only one of them was asked for.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()

    def serving():
        listener = traffic.listen(5063, lab.family)
        yield
        listener.close()

    program = server.start(serving)
    program.step()
    with lab.record(client, server, options=("--port", "5061")):
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ECONNREFUSED
        assert client.run(traffic.connect_error, lab.address(server), 5062) == errno.ECONNREFUSED

    lab.expect("connect-refused", count=1)
    lab.expect_nothing_else()
    for connection in lab.report.of("connection"):
        ports = {connection.get("network.local.port"), connection.get("network.peer.port")}
        assert 5061 in ports, f"a connection with the ports {ports}, only 5061 was asked for"
