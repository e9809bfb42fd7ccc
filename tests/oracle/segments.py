"""Wireshark's frames as segments: the facts that differences are judged by."""

import re
from collections import defaultdict
from dataclasses import dataclass

from sharkd import ANALYSIS

FIN, SYN, RST, ACK = 1, 2, 4, 16
AROUND = 1 << 32


@dataclass
class Segment:
    frame: int
    time: float
    stream: int
    source: tuple
    to: tuple
    flags: int
    seq: int
    ack: int
    length: int | None   # of the payload; None: Wireshark gave the packet up
    window: int
    ip_id: int
    tsval: int | None
    sacks: tuple
    words: frozenset     # of Wireshark's analysis
    completeness: int
    longer_than_frame: bool  # the IP header's length does not fit into the frame
    header: bool         # there is a whole TCP header
    protocols: str

    def end(self):
        return self.seq + (self.length or 0) + bool(self.flags & SYN) + bool(self.flags & FIN)

    def ends(self):
        return frozenset((self.source, self.to))

    def print(self):
        return self.source, self.seq, self.ack, self.length, self.flags, self.window, self.ip_id, self.tsval, self.sacks


def later(one, other):
    """By how much a sequence number is after another one, modulo 2^32; negative: before it."""
    return (one - other + (1 << 31)) % AROUND - (1 << 31)


def number(text):
    """The innermost header's. Some come with words: '0x0001 (1)'."""
    if text.isdigit():
        return int(text)
    found = re.match(r"0x[0-9a-fA-F]+|-?[0-9]+", text.split(",")[-1].strip())
    return int(found.group(), 0 if found.group().startswith("0x") else 10) if found else None


def segment(frame, fields):
    sacks = [[number(edge) for edge in fields[name].split(",") if edge] for name in ("tcp.options.sack_le", "tcp.options.sack_re")]
    completeness = re.search(r"\((\d+)\)", fields["tcp.completeness"])
    lengths = number(fields["ip.len"]), number(fields["frame.len"])
    source = fields["ip.src"], fields["ipv6.src"], number(fields["tcp.srcport"])
    to = fields["ip.dst"], fields["ipv6.dst"], number(fields["tcp.dstport"])
    return Segment(frame, float(fields["frame.time_epoch"]), number(fields["tcp.stream"]), source, to,
                   number(fields["tcp.flags"]) or 0,
                   number(fields["tcp.seq_raw"]) or 0, number(fields["tcp.ack_raw"]) or 0, number(fields["tcp.len"]),
                   number(fields["tcp.window_size_value"]) or 0, number(fields["ip.id"]) or 0, number(fields["tcp.options.timestamp.tsval"]),
                   tuple(zip(*sacks)),
                   frozenset(one for one in ANALYSIS if fields["tcp.analysis." + one]), int(completeness.group(1)) if completeness else 0,
                   None not in lengths and lengths[0] > lengths[1], bool(fields["tcp.flags"]), fields["frame.protocols"])


def streams(frames):
    """By Wireshark's number. What an ICMP error quotes is no segment."""
    found = defaultdict(list)
    for frame, fields in frames:
        if "icmp" not in fields["frame.protocols"]:
            one = segment(frame, fields)
            found[one.stream].append(one)
    return found
