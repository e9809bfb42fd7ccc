"""A pcap of three sessions in trouble, with markers before, between and behind them: write_capture.py OUT"""

import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
from frames import ACK, ISN, RST, SYN, Capture


def icmp_packet(to, ms, icmp, source, destination):
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0, socket.inet_aton(source), socket.inet_aton(destination))
    frame = bytes(12) + b"\x08\0" + ip + icmp
    us = int(ms * 1000)
    to.file.write(struct.pack("<IIII", 1_700_000_000 + us // 1_000_000, us % 1_000_000, len(frame), len(frame)) + frame)


def echo_request(to, ms, data, sequence):
    icmp_packet(to, ms, struct.pack(">BBHHH", 8, 0, 0, 4711, sequence) + data, "127.0.0.1", "127.0.0.1")


def unreachable(to, ms, port):
    """A router's answer to the client's SYN."""
    quoted = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 64, 1, 0, 64, 6, 0, socket.inet_aton("10.0.0.1"), socket.inet_aton("192.0.2.9"))
    icmp_packet(to, ms, struct.pack(">BBHI", 3, 1, 0, 0) + quoted + struct.pack(">HHI", port, 443, ISN["client"]), "10.0.0.254", "10.0.0.1")


def marker(name):
    return (b"tcpwitness-mark:" + name.encode()).ljust(48, b"\0")


capture = Capture(sys.argv[1])
echo_request(capture, 0, marker("begin"), 1)                                                        # frame 1
capture.handshake(1).client(30, length=100).client(330, length=100).client(930, length=100)         # 2 to 7; 6 and 7 come again
capture.server(950, ack=101).close_both(1000, 100)                                                  # 8; 9 to 11
echo_request(capture, 2000, bytes(22), 2)                                                           # 12
capture.port = 40_001
capture.client(3000, flags=SYN, seq=0).server(3001, flags=RST | ACK, seq=0)                         # 13, 14: refused
capture.port = 40_002
capture.client(3500, flags=SYN, seq=0)                                                              # 15
unreachable(capture, 3501, 40_002)                                                                  # 16
echo_request(capture, 5000, marker("end"), 3)                                                       # 17
capture.close()
