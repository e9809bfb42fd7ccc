"""A trace and a capture of one host: they are one witness, and a packet that both hold is one event with the capture's frame number.

All packets of the edge are control segments, so neither file has one that the other lacks. Beside the front end's trace the case is proven as
without the capture; and the capture written again has the process and the finding at its packets.

A second capture's filter missed every RST. The report says so, and names the packets of a session that the trace's filter kept out.
"""

import errno
import time

import traffic
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

    one_side_lacks_packets(lab, edge, fe)


def one_side_lacks_packets(lab, edge, fe):
    """Connections that the server resets; the trace's filter keeps one out, and the capture's filter every RST."""
    mine, packets = lab.file("one_program.pcapng"), lab.file("no_resets.pcap")
    no_resets = "tcp and not (ip and tcp[tcpflags] & tcp-rst != 0) and not (ip6 and ip6[53] & 4 != 0)"

    def frontend():
        listener = traffic.listen(81, lab.family)
        yield
        for _ in range(2):
            connection, _ = listener.accept()
            time.sleep(0.3)  # the client's connect() has returned by then, on a slow machine too
            traffic.close_with_reset(connection)
        listener.close()

    def meet_reset():
        connection = traffic.connect(lab.address(fe), 81)
        return traffic.error_of(connection.recv, 1)

    program = fe.start(frontend)
    with lab.record(edge, trace=mine, options=["--comm", "client"]), capture(edge, "to-mid", packets, only=no_resets):
        program.go()
        assert edge.run(traffic.connect_error, lab.address(fe), 82, name="client") == errno.ECONNREFUSED
        assert edge.run(meet_reset, name="client") == edge.run(meet_reset, name="other") == errno.ECONNRESET

    lab.read_report([mine, packets])
    lab.expect_only("connect-refused", "reset-received")
    met = lab.report.of("witness")[0]["files"][1]
    assert met["sessions_without_socket"] == 1 and met["packets_without_socket"] == 3 and met["socket_events_without_packet"] == 2, f"{met}"
    refused, first, other = sorted(lab.connections(edge), key=lambda connection: connection["begin_time_unix_nano"])
    for connection in (refused, first):
        assert [(each["what"], each["count"]) for each in connection["capture"]["without_packet"]] == [("RST received", 1)], f"{connection}"
    assert first["capture"]["packets"] == 3 and not first["capture"]["packets_without_socket"], f"{first}"
    assert other["capture"]["packets_without_socket"] == 3 and other["capture"]["frames_without_socket"] == [5, 6, 7], f"{other}"
    said = " ".join(lab.tcpwitness("report", mine, packets).stdout.split())
    for words in ("the capture lacks the packets of 1 socket event: RST received", "3 packets without a socket in the trace: frames 5, 6, 7"):
        assert words in said, f"the report does not say: {words}\n{said}"
