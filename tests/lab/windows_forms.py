"""The ways in which Windows tools write a TCPIP/AFD trace: as text, how each begins a line, and how it renders values; as a capture with such text in it."""

import ipaddress
import struct
from datetime import datetime, timezone

STATES = {
    "CLOSE": (0, "ClosedState"), "LISTEN": (1, "ListenState"), "SYN_SENT": (2, "SynSentState"), "SYN_RECV": (3, "SynRcvdState"),
    "ESTABLISHED": (4, "EstablishedState"), "FIN_WAIT1": (5, "FinWait1State"), "FIN_WAIT2": (6, "FinWait2State"),
    "CLOSE_WAIT": (7, "CloseWaitState"), "CLOSING": (8, "ClosingState"), "LAST_ACK": (9, "LastAckState"), "TIME_WAIT": (10, "TimeWaitState"),
}
TIMERS = {"rto": (0, "RetransmitTimer"), "keepalive": (4, "KeepAliveTimer")}
STATUSES = {
    "": (0, "STATUS_SUCCESS"), "EINPROGRESS": (0x103, "STATUS_PENDING"), "ETIMEDOUT": (0xC00000B5, "STATUS_IO_TIMEOUT"),
    "ECONNRESET": (0xC000020D, "STATUS_CONNECTION_RESET"), "ECONNREFUSED": (0xC0000236, "STATUS_CONNECTION_REFUSED"),
    "ECONNABORTED": (0xC0000241, "STATUS_CONNECTION_ABORTED"), "ENETUNREACH": (0xC000023C, "STATUS_NETWORK_UNREACHABLE"),
    "EHOSTUNREACH": (0xC000023D, "STATUS_HOST_UNREACHABLE"), "EADDRINUSE": (0xC000020A, "STATUS_ADDRESS_ALREADY_EXISTS"),
    "EADDRNOTAVAIL": (0xC0000209, "STATUS_TOO_MANY_ADDRESSES"), "EACCES": (0xC0000022, "STATUS_ACCESS_DENIED"),
}
# The letters of a segment's flags, as the JSON report names them.
FLAGS = {"SYN": "S", "FIN": "F", "RST": "R", "PSH": "P", "ACK": "A"}


def flags(text):
    """The flags of "SYN-ACK" as a set of letters."""
    return {FLAGS[word] for word in text.split("-") if word in FLAGS}


class Form:
    """Where a kind of line comes from is its provider: "tcpip", "afd" or "packet"."""

    encoding, line_end, with_packets = "utf-8", "\n", True

    def __init__(self, utc_offset_s=0):
        self.utc_offset_ns = utc_offset_s * 10**9
        self.lines = []

    def local(self, time_ns):
        local = time_ns + self.utc_offset_ns
        return datetime.fromtimestamp(local // 10**9, timezone.utc), local % 10**9

    def bytes(self):
        return "".join(line + self.line_end for line in self.lines).encode(self.encoding)


class Monitor(Form):
    """Lines copied from Network Monitor."""

    name = "monitor"

    def __init__(self, utc_offset_s=0):
        super().__init__(utc_offset_s)
        self.begin_ns, self.frame = None, 100

    number = staticmethod(lambda n: f"{n} (0x{n:X})")
    pointer = staticmethod(lambda p: f"0x{p:016X}")
    state = staticmethod(lambda s: STATES[s][1])
    timer = staticmethod(lambda t: TIMERS[t][1])
    phase = staticmethod(lambda p: f"{p} (0x{p})")

    @staticmethod
    def status(name):
        code, words = STATUSES[name]
        return f"0x{code:08X} - {words}" if code else "Success"

    def head(self, time_ns, process, pid, between=""):
        when, _ = self.local(time_ns)
        self.begin_ns = self.begin_ns if self.begin_ns is not None else time_ns - 713_487_167_500
        offset = (time_ns - self.begin_ns) // 100
        self.frame += 1
        clock = when.strftime("%I:%M:%S %p").lstrip("0")
        return "\u00a0\u00a0".join([str(self.frame), clock, f"{when.month}/{when.day}/{when.year}", f"{offset // 10**7}.{offset % 10**7:07}",
                                    f"{process} ({pid})"] + ([between] if between else []))

    def say(self, provider, time_ns, process, pid, text):
        token = {"tcpip": "TCPIP_MicrosoftWindowsTCPIP", "afd": "Wscore_MicrosoftWindowsWinsockAFD"}[provider]
        self.lines.append(f"{self.head(time_ns, process, pid)}\u00a0\u00a0{token}\u00a0\u00a0{token}:{text}")

    def packet(self, time_ns, process, pid, source, destination, segment):
        letters = "".join(letter if letter in flags(segment["flags"]) else "." for letter in "CEUAPRSF")
        between = f"{source[0]}\u00a0\u00a0{destination[0]}\u00a0\u00a0TCP"
        self.lines.append(f"{self.head(time_ns, process, pid, between)}\u00a0\u00a0TCP:Flags={letters}, SrcPort={source[1]}, DstPort={destination[1]}, "
                          f"PayloadLen={segment['payload_bytes']}, Seq={segment['seq']}, Ack={segment['ack']}, Win={segment['window']} ( ) = {segment['window']}")


class Etl(Form):
    """What netsh and pktmon have in common."""

    def head(self, time_ns, pid, provider):
        when, rest = self.local(time_ns)
        return f"[03]{pid:04X}.{pid:04X}::{when.strftime(self.date)}{when:%H:%M:%S}.{rest:09} [{provider}]{self.gap}"

    number = staticmethod(str)
    pointer = staticmethod(lambda p: f"0x{p:X}")

    def say(self, provider, time_ns, process, pid, text):
        name = {"tcpip": "Microsoft-Windows-TCPIP", "afd": "Microsoft-Windows-Winsock-AFD"}[provider]
        self.lines.append(self.head(time_ns, pid, name) + text)


class Netsh(Etl):
    """netsh trace convert; packets are not in it."""

    name, date, gap, with_packets = "netsh", "%Y/%m/%d-", "", False
    state = staticmethod(lambda s: "{}({})".format(*STATES[s]))
    timer = staticmethod(lambda t: "{}({})".format(*TIMERS[t]))
    phase = staticmethod(lambda p: f"{p}({'Exit' if p else 'Enter'})")
    status = staticmethod(lambda name: "0x{:X}({})".format(*STATUSES[name]))


class Pktmon(Etl):
    """pktmon etl2txt; what follows a state or a timer is a blank more."""

    name, date, gap, encoding, line_end = "pktmon", "%Y-%m-%d ", " ", "utf-16", "\r\n"
    state = staticmethod(lambda s: STATES[s][1] + " ")
    timer = staticmethod(lambda t: TIMERS[t][1] + " ")
    phase = staticmethod(str)
    status = staticmethod(lambda name: STATUSES[name][1])
    packets = 0

    def packet(self, time_ns, process, pid, source, destination, segment):
        self.packets += 1
        seen = flags(segment["flags"])
        letters = "".join(letter for letter in "SFRP" if letter in seen) + ("." if "A" in seen else "")
        for appearance, component in enumerate((4, 24)):  # each component of the host tells it
            direction = "Tx" if segment["direction"] == "out" else "Rx"
            self.lines.append(self.head(time_ns, pid, "Microsoft-Windows-PktMon") + f"PktGroupId {self.packets}, PktNumber 1, Appearance {appearance}, "
                              f"Direction {direction} , Type Ethernet , Component {component}, Edge 1, Filter 1, OriginalSize 66, LoggedSize 66 ")
            self.lines.append(f"\t12-34-56-78-9A-BC > 7C-1E-52-18-C0-A5, ethertype IPv4 (0x0800), length 66: (tos 0x0, ttl {segment.get('ttl', 64)}, "
                              f"id {segment.get('ip_id', 0)}, offset 0, flags [DF], proto TCP (6), length 52)")
            self.lines.append(f"    {source[0]}.{source[1]} > {destination[0]}.{destination[1]}: Flags [{letters}], seq {segment['seq']}, "
                              f"ack {segment['ack']}, win {segment['window']}, length {segment['payload_bytes']}")


class Journal(Pktmon):
    """A pcapng with whole packets, and the lines' words as journal blocks among them, in UTC."""

    name = "journal"
    SECTION, INTERFACE, JOURNAL, PACKET = 0x0A0D0D0A, 1, 9, 6

    def __init__(self, utc_offset_s=0):
        super().__init__()
        nanoseconds = struct.pack("<HHB3xHH", 9, 1, 9, 0, 0)
        self.blocks = [self.block(self.SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), self.block(self.INTERFACE, struct.pack("<HHI", 1, 0, 0) + nanoseconds)]

    @staticmethod
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    def say(self, provider, time_ns, process, pid, text):
        name = {"tcpip": "Microsoft-Windows-TCPIP", "afd": "Microsoft-Windows-Winsock-AFD"}[provider]
        entry = f"__REALTIME_TIMESTAMP={time_ns // 1000}\n_COMM={name}\n_PID={pid}\nMESSAGE={text}\n"
        self.blocks.append(self.block(self.JOURNAL, entry.encode()))

    def packet(self, time_ns, process, pid, source, destination, segment):
        bits = sum(1 << "FSRPA".index(letter) for letter in flags(segment["flags"]))
        tcp = struct.pack(">HHIIBBHI", source[1], destination[1], segment["seq"], segment["ack"], 5 << 4, bits, segment["window"], 0)
        data = bytes(segment["payload_bytes"])
        ends = [ipaddress.ip_address(address).packed for address, _ in (source, destination)]
        if len(ends[0]) == 4:
            size = 20 + len(tcp) + len(data)
            ip = b"\x08\x00" + struct.pack(">BBHHHBBH", 0x45, 0, size, segment.get("ip_id", 0), 0x4000, segment.get("ttl", 64), 6, 0) + b"".join(ends)
        else:
            ip = b"\x86\xdd" + struct.pack(">IHBB", 6 << 28, len(tcp) + len(data), 6, segment.get("hop_limit", 64)) + b"".join(ends)
        out = segment["direction"] == "out"
        here, there = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"
        frame = (there + here if out else here + there) + ip + tcp + data
        head = struct.pack("<IIIII", 0, time_ns >> 32, time_ns & 0xFFFFFFFF, len(frame), len(frame))
        self.blocks.append(self.block(self.PACKET, head + frame))

    def bytes(self):
        return b"".join(self.blocks)


FORMS = {form.name: form for form in (Monitor, Netsh, Pktmon, Journal)}
