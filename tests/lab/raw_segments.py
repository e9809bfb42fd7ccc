"""TCP segments that a program makes itself, past the kernel's sockets."""

import socket
import struct

import traffic

SYN, RST = 2, 4


def send(source, port, address, to_port, flags, number):
    """One bare segment; the kernel adds the IP header of its own."""
    family = traffic.family_of(address)
    ends = socket.inet_pton(family, source) + socket.inet_pton(family, address)
    segment = struct.pack("!HHIIBBHHH", port, to_port, number, 0, 5 << 4, flags, 8192, 0, 0)
    words = struct.unpack(f"!{len(ends) // 2 + 12}H", ends + struct.pack("!HH", socket.IPPROTO_TCP, len(segment)) + segment)
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~(total + (total >> 16)) & 0xFFFF
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
        raw.bind((source, 0))
        raw.sendto(segment[:16] + struct.pack("!H", checksum) + segment[18:], (address, 0))
