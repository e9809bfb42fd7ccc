"""`tcpwitness mark` sets a marker in a recording that runs, whatever the recording was asked for, and says so when nothing records.

A marker that is set elsewhere than in the recorded namespace is there too, and makes no witness of that other namespace. An echo request is a
marker by its size. A capture on lo sees the name as well.
"""

import subprocess
import time

import settings

FAMILIES = (4,)
NEEDS = ("tcpdump",)


def mark(lab, name, host=None):
    """The program's words on stdout or stderr, and its status."""
    words = [lab.binary, "mark", name]
    if host:
        words = ["ip", "netns", "exec", host.name, *words]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30 * settings.patience)
    return done.returncode, done.stdout + done.stderr


def scenario(lab):
    host = lab.host("host")
    other = lab.host("other")
    with lab.record(host, options=["--port", "5061"]):
        status, words = mark(lab, "begin", host)
        assert status == 0 and "tcpwitness record (pid" in words, words
        subprocess.run(["ip", "netns", "exec", host.name, "ping", "-c", "2", "-i", "0.2", "-s", "22", "127.0.0.1"], check=True, capture_output=True)
        status, words = mark(lab, "elsewhere", other)
        assert status == 0, words

    lab.read_report()
    lab.expect_nothing_else()
    echoes = [event for event in lab.report.of("event") if event["kind"] == "icmp"]
    assert [event.get("marker") for event in echoes] == ["begin", "elsewhere"], f"with --port, markers and nothing else: {echoes}"
    assert {witness["netns.inode"] for witness in lab.report.of("witness")} == {host.inum}, "a marker made a witness of another namespace"

    capture = lab.trace + ".pcap"
    tcpdump = subprocess.Popen(["ip", "netns", "exec", host.name, "tcpdump", "-i", "lo", "-U", "-w", capture, "icmp"], stderr=subprocess.PIPE, text=True)
    assert "listening on lo" in tcpdump.stderr.readline() + tcpdump.stderr.readline()
    status, words = mark(lab, "captured", host)
    assert status == 0 and "a packet capture on lo" in words, words
    time.sleep(0.5)
    tcpdump.terminate()
    tcpdump.wait()
    with open(capture, "rb") as file:
        assert b"tcpwitness-mark:captured" in file.read()
