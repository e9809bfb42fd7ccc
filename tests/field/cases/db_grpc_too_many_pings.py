"""A gRPC server ends a connection whose client pings too often: GOAWAY too_many_pings, then the client's next ping meets a RST.

The client's keepalive time is shorter than the server allows. The server sends GOAWAY with ENHANCE_YOUR_CALM and closes; pings that are under way reach a
closed socket, and the call fails with UNAVAILABLE. Recorded on both hosts.
"""

import errno
import time

import traffic
from judge import expected

SOURCE = "grpc/grpc #16210, grpc/grpc-go #5161, grpc/grpc-node #1164"
RIGHT = [expected(("reset-sent", "reset-received"), ("local-application", "peer-application"), mentions=["grpc-server"])]
ACCEPTABLE = [[expected(("reset-sent", "reset-received"), ("local-application", "peer-application"))]]

PING = b"\0\0\x08\x06\0\0\0\0\0" + bytes(8)
PONG = b"\0\0\x08\x06\x01\0\0\0\0" + bytes(8)
GOAWAY = b"\0\0\x16\x07\0\0\0\0\0" + b"\0\0\0\0" + b"\0\0\0\x0b" + b"too_many_pings"


def scenario(lab):
    client, server = lab.pair("app", "service")

    def serving():
        listener = traffic.listen(50051, lab.family)
        yield
        connection, _ = listener.accept()
        for strike in range(4):
            traffic.receive(connection, len(PING))
            connection.sendall(PONG if strike < 3 else GOAWAY)
        connection.close()
        yield

    def pinging():
        connection = traffic.connect(lab.address(server), 50051)
        error = 0
        for _ in range(20):
            error = error or traffic.error_of(connection.sendall, PING)
            time.sleep(0.1)
        connection.close()
        return error

    program = server.start(serving, name="grpc-server")
    with lab.record(client, server):
        program.go()
        assert client.run(pinging, name="grpc-client") in (errno.EPIPE, errno.ECONNRESET)
        program.await_step()
        program.finish()
