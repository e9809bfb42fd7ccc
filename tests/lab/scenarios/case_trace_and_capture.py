"""A trace and a capture of one host: they are one witness, and a packet that both hold is one event with the capture's frame number.

All packets of the edge are control segments, so neither file has one that the other lacks. Beside the front end's trace the case is proven as
without the capture; and the capture written again has the process and the finding at its packets.
"""

from forged_reset_case import capture, forged_reset

LIMIT = 90
NEEDS = ("tcpdump",)


def scenario(lab):
    hosts = edge, mid, fe = lab.chain()
    mine, packets, theirs = lab.file("edge.pcapng"), lab.file("edge.pcap"), lab.file("fe.pcapng")
    forged_reset(lab, hosts, lab.record(edge, trace=mine), capture(edge, "to-mid", packets), lab.record(fe, trace=theirs))

    lab.read_report([mine, packets])
    lab.expect("connect-timeout", culprit="path", certainty="possible")
    lab.expect_nothing_else()
    witnesses = lab.report.of("witness")
    assert len(witnesses) == 1 and len(witnesses[0]["files"]) == 2, f"not one witness of two files: {witnesses}"
    met = witnesses[0]["files"][1]
    assert met["packets_in_both"] > 2 and not met["packets_only_captured"] and not met["packets_only_traced"] and not met["sessions_without_socket"], f"{met}"
    seen = [event for event in lab.report.of("event") if event["kind"] == "packet"]
    assert [event["frame"] for event in seen] == list(range(1, met["packets_in_both"] + 1)), f"frames: {seen}"

    lab.read_report([mine, packets, theirs])
    lab.expect("reset-forged", culprit="path", certainty="proven")
    lab.expect_nothing_else()

    out = lab.file("annotated.pcapng")
    done = lab.tcpwitness("report", mine, packets, theirs, "--format", "pcapng", "-o", out)
    assert done.returncode == 0, f"the capture is not written again: {done.stderr}"
    with open(out, "rb") as file:
        comments = file.read()
    for words in (b"reset-forged", b"client["):
        assert words in comments, f"the capture does not tell {words}"
