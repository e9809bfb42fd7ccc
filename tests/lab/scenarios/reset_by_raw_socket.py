"""A program on the server's own host resets a session with segments that it makes itself (an intrusion prevention system, tcpkill). No packet filter is there.

The RST left that host and its TCP did not send it; with no rule that resets, a packet filter is not to blame.
"""

import errno
import socket
import struct

import raw_segments
import traffic

FAMILIES = (4,)  # it reads IPv4 frames


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        yield connection.getpeername()[1]
        yield
        connection.close()

    def killing(port):
        watch = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        watch.settimeout(10)
        yield
        while True:
            frame, where = watch.recvfrom(2000)
            tcp = frame[34:]
            if where[2] == socket.PACKET_OUTGOING or frame[23] != socket.IPPROTO_TCP or struct.unpack("!HH", tcp[:4]) != (port, 5061) or not tcp[13] & 8:
                continue
            ack = struct.unpack("!I", tcp[8:12])[0]
            raw_segments.send(lab.address(server), 5061, lab.address(client), port, raw_segments.RST, ack)
            return

    program = server.start(frontend)
    with lab.record(client, server):
        client_program = client.begin(talking, lab.address(server), name="session")
        port = program.step()
        client_program.await_step()
        killer = server.begin(killing, port, name="killer")
        killer.await_step()
        killer.go()
        client_program.step()
        assert client_program.step() == errno.ECONNRESET
        killer.await_step()

    lab.expect("reset-received", culprit="local-application", certainty="likely", count=1, mentions=["session", "whose TCP did not send it"])
    lab.expect_nothing_else()
    program.step()


def talking(address):
    connection = traffic.connect(address, 5061)
    yield
    connection.sendall(b"hello")
    yield
    yield traffic.error_of(connection.recv, 5)
