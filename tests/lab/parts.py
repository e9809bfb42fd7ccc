"""Parts of a trace, as people bring them: one host's half, the beginning or the end, rotated files, the same trace merged with itself.

Each is what a recorder, editcap or mergecap would have made of it: a half for one host says which record numbers it withholds; a file that is cut says
nothing about that, and has the records that are left in its old section.
"""

import re
import struct
from dataclasses import dataclass

from other_host import HEAD, KIND, META, PACKET, SECTION, INTERFACE, USER0, blocks

ENVIRONMENT = 23
SEQ, NETNS, CPU = 16, 24, 28  # offsets in a record's head
BODY = 28                     # of a packet block: where its bytes begin
COMMENT, DESCRIPTION, PACKET_ID = 1, 3, 5


@dataclass
class Packet:
    block: bytes
    time_ns: int
    netns: int
    cpu: int
    seq: int
    text: bytes = b""  # of a META record: key=value


def options(block, at):
    """(code, value, offset) of a block's options, which begin there."""
    while at + 4 <= len(block) - 4:
        code, length = struct.unpack_from("<HH", block, at)
        if code == 0:
            return
        yield code, bytes(block[at + 4 : at + 4 + length]), at
        at += 4 + (length + 3 & ~3)


class Trace:
    """A trace file taken apart."""

    def __init__(self, data):
        self.section, self.interfaces, self.packets = None, [], []
        links = []
        for kind, block in blocks(data):
            if len(block) < struct.unpack_from("<I", block, 4)[0]:
                break  # the file is cut in the midst of it
            if kind == SECTION:
                assert self.section is None, "a trace of several sections"
                self.section = bytes(block)
            elif kind == INTERFACE:
                links.append(self.interface(block))
                self.interfaces.append(bytes(block))
            elif kind == PACKET:
                self.packets.append(self.packet(block, links))

    @staticmethod
    def interface(block):
        """Its namespace; None for the interface of records."""
        if struct.unpack_from("<H", block, 8)[0] == USER0:
            return None
        said = next(value for code, value, _ in options(block, 16) if code == DESCRIPTION)
        return int(re.search(rb"netns=(\d+)", said)[1])

    @staticmethod
    def packet(block, links):
        interface, high, low, captured = struct.unpack_from("<IIII", block, 8)
        time_ns = high << 32 | low
        if links[interface] is None:
            seq, = struct.unpack_from("<I", block, BODY + SEQ)
            netns, = struct.unpack_from("<I", block, BODY + NETNS)
            cpu, = struct.unpack_from("<H", block, BODY + CPU)
            text = b""
            if block[BODY + KIND] == META:
                length, = struct.unpack_from("<I", block, BODY + HEAD)
                text = bytes(block[BODY + HEAD + 8 : BODY + HEAD + 8 + length])
            return Packet(bytes(block), time_ns, netns, cpu, seq, text)
        number = next((value for code, value, _ in options(block, BODY + (captured + 3 & ~3)) if code == PACKET_ID), None)
        number = struct.unpack("<Q", number)[0] if number else 0
        return Packet(bytes(block), time_ns, links[interface], number >> 32, number & 0xFFFFFFFF)

    @property
    def namespaces(self):
        """Those that the trace calls its witnesses: number to name."""
        told = self.comment() + b"\n" + b"\n".join(packet.text for packet in self.packets)
        return {int(number): name.decode() for number, name in re.findall(rb"^netns\.(\d+)\.name=(.*)$", told, re.M)}

    def comment(self):
        return next((value for code, value, _ in options(self.section, 24) if code == COMMENT), b"")

    def with_comment(self, comment):
        """The section's block with another comment; none: without options, as mergecap leaves it."""
        kept = [] if comment is None else [(code, value) for code, value, _ in options(self.section, 24) if code != COMMENT] + [(COMMENT, comment)]
        body = b"".join(struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4) for code, value in kept)
        body = self.section[8:24] + (body + bytes(4) if body else b"")
        return struct.pack("<II", SECTION, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    def file(self, packets, section=None):
        return (section or self.section) + b"".join(self.interfaces) + b"".join(packet.block for packet in packets)


def ranges(numbers):
    """As a recorder writes them: 17-40,42."""
    found = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return b",".join(b"%d-%d" % (first, last) if first < last else b"%d" % first for first, last in found)


def one_side(trace, side):
    """As if only this namespace had been recorded: of the others neither records nor names, and their numbers are withheld, not lost."""
    others = {netns for netns in trace.namespaces if netns != side}

    def about_others(line):
        found = re.match(rb"netns\.(\d+)\.", line)
        return bool(found and int(found[1]) in others)

    kept, withheld = [], {}
    for packet in trace.packets:
        if packet.netns in others or about_others(packet.text):
            if packet.seq:
                withheld.setdefault(packet.cpu, []).append(packet.seq)
        else:
            kept.append(packet)
    lines = [line for line in trace.comment().split(b"\n") if not about_others(line)]
    lines += [b"withheld.%d=%s" % (cpu, ranges(numbers)) for cpu, numbers in sorted(withheld.items())]
    return trace.file(kept, trace.with_comment(b"\n".join(lines)))


def halves(trace):
    """What came before the middle of its time, and what came after it."""
    times = [packet.time_ns for packet in trace.packets]
    middle = (min(times) + max(times)) // 2
    return (trace.file([packet for packet in trace.packets if packet.time_ns < middle]),
            trace.file([packet for packet in trace.packets if packet.time_ns >= middle]))


def rotated(trace, files):
    size = -(-len(trace.packets) // files)
    return [trace.file(trace.packets[at : at + size]) for at in range(0, len(trace.packets), size)]


def merged_with_itself(trace):
    """One section without its comment, every interface twice, every packet twice."""
    def again(packet):
        interface, = struct.unpack_from("<I", packet.block, 8)
        return packet.block[:8] + struct.pack("<I", interface + len(trace.interfaces)) + packet.block[12:]

    twice = b"".join(packet.block + again(packet) for packet in trace.packets)
    return trace.with_comment(None) + b"".join(trace.interfaces) * 2 + twice
