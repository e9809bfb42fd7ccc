"""A link between two hosts that delays, loses or doubles what it carries."""

import collections
import random
import select
import socket
import time

import devices

MAC = "02:77:00:00:{:02x}:{:02x}"  # as namespaces.connect_pair gives them: cable, end


def between(lab, a, b, delay=0.0, lost=0, doubled=0):
    """Two hosts with such a link: each frame comes `delay` seconds later; of a hundred, so many are lost, and so many come twice."""
    first, middle, second = lab.chain(a, "wire", b)
    middle.sysctl(ip_forward=0, ipv6__conf__all__forwarding=0)
    for host in (first, second):
        host.run(devices.checksum_in_software, "to-wire")
    ways = {f"to-{a}": (f"to-{b}", _header(2, 2, 1)), f"to-{b}": (f"to-{a}", _header(1, 1, 2))}
    middle.start(_carry, ways, delay, lost, doubled, name="wire").go()
    return first, second


def _header(cable, to, by):
    return b"".join(bytes.fromhex(MAC.format(cable, end).replace(":", "")) for end in (to, by))


def _carry(ways, delay, lost, doubled):
    ends = {}
    for device in ways:
        ends[device] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        ends[device].bind((device, 0))
    waiting = collections.deque()
    yield
    while True:
        wait = waiting[0][0] - time.monotonic() if waiting else None
        ready, _, _ = select.select(ends.values(), [], [], None if wait is None else max(wait, 0))
        for device, (other, header) in ways.items():
            if ends[device] in ready:
                frame, address = ends[device].recvfrom(65536)
                if address[2] == socket.PACKET_OUTGOING or random.random() * 100 < lost:
                    continue
                copies = 2 if random.random() * 100 < doubled else 1
                waiting.extend([(time.monotonic() + delay, ends[other], header + frame[12:])] * copies)
        while waiting and waiting[0][0] <= time.monotonic():
            _, end, frame = waiting.popleft()
            end.send(frame)
