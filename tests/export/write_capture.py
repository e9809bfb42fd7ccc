"""A pcap of two sessions in trouble, with markers before, between and behind them: write_capture.py OUT"""

import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
from frames import ACK, RST, SYN, Capture


def echo_request(to, ms, data, sequence):
    icmp = struct.pack(">BBHHH", 8, 0, 0, 4711, sequence) + data
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0, socket.inet_aton("127.0.0.1"), socket.inet_aton("127.0.0.1"))
    frame = bytes(12) + b"\x08\0" + ip + icmp
    us = int(ms * 1000)
    to.file.write(struct.pack("<IIII", 1_700_000_000 + us // 1_000_000, us % 1_000_000, len(frame), len(frame)) + frame)


def marker(name):
    return (b"tcpwitness-mark:" + name.encode()).ljust(48, b"\0")


capture = Capture(sys.argv[1])
echo_request(capture, 0, marker("begin"), 1)                                                        # frame 1
capture.handshake(1).client(30, length=100).client(330, length=100).client(930, length=100)         # 2 to 7; 6 and 7 come again
capture.server(950, ack=101).close_both(1000, 100)                                                  # 8; 9 to 11
echo_request(capture, 2000, bytes(22), 2)                                                           # 12
capture.port = 40_001
capture.client(3000, flags=SYN, seq=0).server(3001, flags=RST | ACK, seq=0)                         # 13, 14: refused
echo_request(capture, 5000, marker("end"), 3)                                                       # 15
capture.close()
