"""Hand-made captures: one session's segments, sequence numbers counted from each end's first."""

import socket
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ISN = {"client": 1_000_000, "server": 4_294_900_000}
ENDS = {"client": ("10.0.0.1", 40_000), "server": ("192.0.2.9", 443)}


class Capture:
    """A pcap file in the making; close() before it is read."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        self.ids = {"client": 100, "server": 7000}
        self.port = ENDS["client"][1]

    def send(self, sender, ms, flags=ACK, seq=1, ack=1, length=0, window=500, sack=(), ip_id=None, isn=None):
        receiver = "server" if sender == "client" else "client"
        isns = dict(ISN, **(isn or {}))
        options = b"\x02\x04\x05\xb4\x04\x02\x01\x03\x03\x07" if flags & SYN else b""
        options += struct.pack(">BBBBII", 1, 1, 8, 10, 1000 + int(ms), int(ms) and 1000 + int(ms) - 1)
        if sack:
            options += struct.pack(">BBBB", 1, 1, 5, 2 + 8 * len(sack))
            options += b"".join(struct.pack(">II", (isns[receiver] + left) % 2**32, (isns[receiver] + right) % 2**32) for left, right in sack)
        options += b"\x01" * (-len(options) % 4)
        if ip_id is None:
            self.ids[sender] += 1
            ip_id = self.ids[sender]
        ports = {"client": self.port, "server": ENDS["server"][1]}
        tcp = struct.pack(">HHIIBBHHH", ports[sender], ports[receiver], (isns[sender] + seq) % 2**32, (isns[receiver] + ack) % 2**32 if flags & ACK else 0,
                          (20 + len(options)) // 4 << 4, flags, window, 0, 0) + options + bytes(length)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), ip_id, 0x4000, 64 if sender == "client" else 57, 6, 0,
                         socket.inet_aton(ENDS[sender][0]), socket.inet_aton(ENDS[receiver][0]))
        frame = b"\x02\0\0\0\0\x02" + b"\x02\0\0\0\0\x01" + b"\x08\0" + ip + tcp
        us = int(ms * 1000)
        self.file.write(struct.pack("<IIII", 1_700_000_000 + us // 1_000_000, us % 1_000_000, len(frame), len(frame)) + frame)
        return self

    def client(self, ms, **how):
        return self.send("client", ms, **how)

    def server(self, ms, **how):
        return self.send("server", ms, **how)

    def handshake(self, ms=0):
        return self.client(ms, flags=SYN, seq=0).server(ms + 10, flags=SYN | ACK, seq=0).client(ms + 20)

    def close_both(self, ms, client_sent=0, server_sent=0):
        self.client(ms, flags=FIN | ACK, seq=1 + client_sent, ack=1 + server_sent)
        self.server(ms + 10, flags=FIN | ACK, seq=1 + server_sent, ack=2 + client_sent)
        return self.client(ms + 20, seq=2 + client_sent, ack=2 + server_sent)

    def close(self):
        self.file.close()
