"""The edge runs Windows: its half of the case is text, in each of the three forms, with a clock of its own.

Two of the forms hold packets, and no RST among them: likely, not proven, because no text tells whether a filter driver of that host made one unseen.
The third holds no packets: what its host sent is not known from it.
"""

import subprocess
import sys
from pathlib import Path

import traffic
from forged_reset_case import forged_reset

LIMIT = 90
WRITER = Path(__file__).resolve().parent.parent / "windows_text.py"


def scenario(lab):
    hosts = edge, mid, fe = lab.chain()
    mine, theirs = lab.file("edge.pcapng"), lab.file("fe.pcapng")


    def at_both_ends_of_the_text():
        """A text has no other end than its last line: something must happen before and after, further off than a packet can be under way."""
        traffic.listen(7, lab.family).close()
        yield
        traffic.listen(7, lab.family).close()

    with lab.record(edge, trace=mine):
        bracket = edge.start(at_both_ends_of_the_text)
        forged_reset(lab, hosts, lab.record(fe, trace=theirs))
        bracket.finish()

    report = lab.tcpwitness("report", mine, "--format", "json", "-v").stdout.encode()
    for form, shift in (("monitor", 3 * 3600), ("pktmon", -13.99), ("netsh", 0)):
        text = lab.file(f"edge-{form}.txt")
        with open(text, "wb") as file:
            words = [sys.executable, WRITER, "--witness", edge.name, "--form", form, "--shift", str(shift)]
            subprocess.run(words, input=report, stdout=file, check=True)
        lab.read_report([theirs, text])
        lab.expect("reset-forged", culprit="path", certainty="likely")
        lab.expect_nothing_else()
