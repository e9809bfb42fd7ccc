"""The captures that both readers are asked about: hand-made troubles, and what traffic over loopback leaves in tcpdump."""

import os
import signal
import socket
import struct
import subprocess
import threading
import time

from frames import ACK, FIN, PSH, RST, SYN, Capture


def lost_and_repaired(to):
    """Segment 2 of 5 is lost after the capture point; SACK tells, and it is sent again."""
    to.handshake()
    for i in range(5):
        to.client(30 + i / 10, seq=1 + i * 1000, length=1000)
    for i in range(3):
        to.server(50 + i / 10, ack=1001, sack=[(2001, 3001 + i * 1000)])
    to.client(51, seq=1001, length=1000).server(71, ack=5001).close_both(100, 5000)


def timed_out_twice(to):
    to.handshake().client(30, length=100).client(330, length=100).client(930, length=100).server(950, ack=101).close_both(1000, 100)


def overtaken(to):
    """Two segments change places on the way: the IP id tells that the late one left first."""
    to.handshake().client(30, seq=1, length=1000, ip_id=200).client(30.2, seq=2001, length=1000, ip_id=202)
    to.client(30.4, seq=1001, length=1000, ip_id=201).server(40, ack=3001).close_both(100, 3000)


def late_fill(to):
    """A segment is lost before the capture point and comes again after the timeout: SACK had told that it is missing."""
    to.handshake().client(30, seq=1, length=1000).client(30.2, seq=2001, length=1000).server(50, ack=1001, sack=[(2001, 3001)])
    to.client(52, seq=1001, length=1000).server(72, ack=3001).close_both(100, 3000)


def closed_window(to):
    to.handshake().client(30, length=1000).server(40, ack=1001, window=0)
    for i in range(3):
        to.client(300 + i * 500, seq=1000).server(310 + i * 500, ack=1001, window=0)
    to.server(3000, ack=1001).close_both(3100, 1000)


def injected_reset(to):
    """A device resets each handshake in the client's name; the server answers the SYN that comes again with another ISN."""
    to.client(0, flags=SYN, seq=0)
    for i in range(3):
        isn = {"server": 4_000_000 + i * 77_777}
        to.server(1000 * i + 1, flags=SYN | ACK, seq=0, isn=isn).client(1000 * i + 1.1, flags=RST, seq=1, isn=isn, ip_id=0)
        if i < 2:
            to.client(1000 * i + 1000, flags=SYN, seq=0)


def port_again(to):
    to.handshake().close_both(30)
    for step in range(3):
        isn = {"client": 77, "server": 88}
        to.send(("client", "server", "client")[step], 1000 + step, flags=(SYN, SYN | ACK, ACK)[step], seq=(0, 0, 1)[step], isn=isn)


def refused(to):
    to.client(0, flags=SYN, seq=0).server(1, flags=RST | ACK, seq=0)


def unanswered(to):
    for ms in (0, 1000, 3000, 7000):
        to.client(ms, flags=SYN, seq=0)


def kept_alive(to):
    to.handshake().client(30, length=10).server(40, ack=11).client(60_000, seq=10).server(60_010, ack=11).close_both(61_000, 10)


def half_close(to):
    to.handshake().client(30, flags=FIN | ACK).server(40, ack=2, length=500, flags=ACK | PSH).client(50, seq=2, ack=501)
    to.server(60, flags=FIN | ACK, seq=501, ack=2).client(70, seq=2, ack=502)


def from_the_middle(to):
    for i in range(4):
        to.server(i * 10, seq=1 + i * 1000, length=1000).client(i * 10 + 5, ack=1001 + i * 1000)
    to.server(100, flags=RST, seq=4001)


HAND_MADE = [lost_and_repaired, timed_out_twice, overtaken, late_fill, closed_window, injected_reset, port_again, refused, unanswered, kept_alive, half_close,
             from_the_middle]


def make(script, path):
    to = Capture(path)
    script(to)
    to.close()


def loopback_traffic(port, closed_port):
    """Real sessions of several kinds; returns when all are over."""
    listener = socket.create_server(("127.0.0.1", port))

    def serve():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            asked = peer.recv(1 << 16)
            if asked == b"reset":
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif asked == b"much":
                peer.sendall(bytes(4_000_000))
            elif asked:
                peer.sendall(asked)
            peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    for word in [b"hello"] * 5 + [b"reset"] * 2 + [b"much", b""]:
        with socket.create_connection(("127.0.0.1", port)) as client:
            if word:
                client.sendall(word)
            else:
                client.shutdown(socket.SHUT_WR)
            try:
                while client.recv(1 << 16):
                    pass
            except ConnectionResetError:
                pass
    for _ in range(2):
        try:
            socket.create_connection(("127.0.0.1", closed_port)).close()
        except ConnectionRefusedError:
            pass
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def record_loopback(path):
    """False where nobody may capture."""
    ports = free_port(), free_port()
    tcpdump = subprocess.Popen(["tcpdump", "-i", "lo", "-U", "-w", path, "-s", "200", f"tcp port {ports[0]} or tcp port {ports[1]}"],
                               stderr=subprocess.PIPE, text=True)
    line = tcpdump.stderr.readline()
    while line and "listening on" not in line:
        line = tcpdump.stderr.readline()
    if not line:
        tcpdump.wait()
        return False
    loopback_traffic(*ports)
    size, deadline = -1, time.monotonic() + 10
    while time.monotonic() < deadline and (size < 1000 or os.path.getsize(path) != size):  # until the kernel has handed all over
        size = os.path.getsize(path)
        time.sleep(1.2)
    tcpdump.send_signal(signal.SIGINT)
    tcpdump.communicate()
    return True
