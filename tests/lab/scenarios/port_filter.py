"""`--port` is about whole connections: of sockets on other ports nothing is written, not even who had them.

Two ports are refused and a third one has a listener, and a fourth a connection that was there before; only one was asked for. The
programs of the others, and their ports, do not stand in the trace; nothing counts as lost, because the trace says what was kept back.
"""

import errno
import re

import traffic


def scenario(lab):
    client, server = lab.pair()

    def bystander():
        listener = traffic.listen(5063, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        connection.close()
        listener.close()
        return traffic.connect_error(lab.address(server), 5062)

    def passer_by():
        connection = traffic.connect(lab.address(server), 5063)
        yield
        connection.close()

    program = server.start(bystander)
    guest = client.start(passer_by)
    program.step()
    guest.step()
    with lab.record(client, server, options=("--port", "5061")) as recorder:
        assert client.run(traffic.connect_error, lab.address(server), 5061, name="asked-for") == errno.ECONNREFUSED
        assert client.run(traffic.connect_error, lab.address(server), 5062, name="another") == errno.ECONNREFUSED
        guest.finish()
        assert program.finish() == errno.ECONNREFUSED

    lab.expect("connect-refused", count=1)
    lab.expect_nothing_else()
    for connection in lab.report.of("connection"):
        ports = {connection.get("network.local.port"), connection.get("network.peer.port")}
        assert 5061 in ports, f"a connection with the ports {ports}, only 5061 was asked for"
    content = open(lab.trace, "rb").read()
    for name in (b"bystander", b"passer_by", b"another"):
        assert name not in content, f"the trace names {name.decode()}, who has no socket on that port"
    assert b"asked-for" in content
    assert not lab.report.of("gap"), f"what was kept back counts as lost: {lab.report.of('gap')}"
    assert re.search(r"^\d+ records of other sockets than those asked for were not written$", recorder.text, re.M), recorder.text
