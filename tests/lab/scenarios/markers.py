"""`tcpwitness mark` sets a marker in a recording that runs, whatever the recording was asked for, and says so when nothing records.

A marker that is set elsewhere than in the recorded namespace is there too, and makes no witness of that other namespace. An echo request is a
marker by its size. What `mark` says is true from the moment on that the recorder attaches until it detaches: every marker that it says is
recorded stands in the trace. A capture on lo sees the name as well, and --between takes it.
"""

import socket
import struct
import subprocess
import time

import settings

FAMILIES = (4,)
ETH_P_ALL = 3


def mark(lab, name, host=None):
    """The program's words on stdout or stderr, and its status."""
    words = [lab.binary, "mark", name]
    if host:
        words = ["ip", "netns", "exec", host.name, *words]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30 * settings.patience)
    return done.returncode, done.stdout + done.stderr


def checksum(data):
    """RFC 1071, of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ping(size, sequence):
    """One echo request with `size` bytes of data to 127.0.0.1."""
    data = bytes(size)
    head = struct.pack("!BBHHH", 8, 0, 0, 4711, sequence)
    head = struct.pack("!BBHHH", 8, 0, checksum(head + data + bytes(size % 2)), 4711, sequence)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.sendto(head + data, ("127.0.0.1", 0))


def capture_lo(path):
    """A pcap of what passes lo, until it is told to go on and nothing comes any more."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as packets, open(path, "wb") as file:
        packets.bind(("lo", 0))
        yield
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        packets.settimeout(0.5)
        try:
            while True:
                data = packets.recv(65535)
                now = time.time()
                file.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(data), len(data)) + data)
        except TimeoutError:
            pass


def scenario(lab):
    host = lab.host("host")
    other = lab.host("other")
    with lab.record(host, options=["--port", "5061"]):
        status, words = mark(lab, "begin", host)
        assert status == 0 and "tcpwitness record (pid" in words, words
        host.run(ping, 22, 1)
        status, words = mark(lab, "elsewhere", other)
        assert status == 0, words

    lab.read_report()
    lab.expect_nothing_else()
    echoes = [event for event in lab.report.of("event") if event["kind"] == "icmp"]
    told = [event.get("marker", f"ping:{event['echo_payload_bytes']}") for event in echoes]
    assert told == ["begin", "ping:22", "elsewhere"], f"with --port, {told}"
    assert {witness["netns.inode"] for witness in lab.report.of("witness")} == {host.inum}, "a marker made a witness of another namespace"

    # From before it attaches until after it has detached.
    trace = lab.trace + ".race"
    recorder = subprocess.Popen([lab.binary, "record", "-q", "-f", "-w", trace, "--duration", "1"])
    claimed, refused = set(), 0
    while recorder.poll() is None:
        name = f"m{len(claimed) + refused}"
        status, words = mark(lab, name, host)
        if status == 0 and f"(pid {recorder.pid})" in words.splitlines()[0]:  # stdout; other recorders may run here too
            claimed.add(name)
        else:
            refused += 1
    there = subprocess.run([lab.binary, "report", trace, "--format", "json"], capture_output=True, text=True, check=True).stdout
    missing = [name for name in claimed if f'"marker":"{name}"' not in there]
    assert claimed and refused, f"{len(claimed)} markers set, {refused} refused"
    assert not missing, f"said to be marked, but not in the trace: {missing}"

    capture = lab.trace + ".pcap"
    reader = host.start(capture_lo, capture)
    status, words = mark(lab, "captured", host)
    assert status == 0 and "a packet capture on lo" in words, words
    host.run(ping, 33, 1)
    reader.finish()
    report = subprocess.run([lab.binary, "report", capture, "--between", "captured", "ping:33"], capture_output=True, text=True, check=True).stdout
    assert "captured" in report and "ping:33" in report, report
