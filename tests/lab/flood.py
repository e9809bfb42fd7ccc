"""A flood of SYNs to one port, as IPv4 packets with checksums and all, and what the kernel says it answered."""

import socket
import struct


def syns(sources, destination, port, count):
    """`count` packets, whose sources take turns and whose source ports run through."""
    target = socket.inet_aton(destination)
    for number in range(count):
        ends = socket.inet_aton(sources[number % len(sources)]) + target
        segment = struct.pack("!HHIIBBHHH", 1024 + number % 60_000, port, number, 0, 5 << 4, 2, 1024, 0, 0)
        words = struct.unpack("!16H", ends + struct.pack("!HH", socket.IPPROTO_TCP, len(segment)) + segment)
        total = sum(words)
        total = (total & 0xFFFF) + (total >> 16)
        checksum = ~(total + (total >> 16)) & 0xFFFF
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, socket.IPPROTO_TCP, 0) + ends
        yield header + segment[:16] + struct.pack("!H", checksum) + segment[18:]


def send(packets, destination):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for packet in packets:
            raw.sendto(packet, (destination, 0))


def resets_sent():
    with open("/proc/thread-self/net/snmp") as file:
        names, values = [line.split() for line in file if line.startswith("Tcp:")]
    return int(values[names.index("OutRsts")])


def recorded_and_counted(report, kind, what):
    """How many events without a socket of one kind were recorded one by one, and how many were only counted."""
    recorded = sum(event["kind"] == kind and not event["has_socket"] for event in report.of("event"))
    counted = sum(event["count"] for event in report.of("event") if event["kind"] == "repeats" and event["what"] == what)
    return recorded, counted
