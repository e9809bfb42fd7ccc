"""The front end's clock is set back 30 s while tcpdump runs there: what its packets tell of the clock contradicts itself.

Two visits go well, one before and one after; then the device in the middle resets a handshake. The report says that the clocks could not be
compared, instead of averaging, and nothing is proven by what either host did not see.
"""

import struct

import traffic
from forged_reset_case import capture, forged_reset
from other_host import as_other_host

LIMIT = 90
NEEDS = ("tcpdump",)


def set_back(path, to, seconds, after_packets):
    """The capture, with later times from one packet on."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    at, count = 24, 0
    while at + 16 <= len(data):
        time_s, _, length, _ = struct.unpack_from("<IIII", data, at)
        if count >= after_packets:
            struct.pack_into("<I", data, at, time_s - seconds)
        at, count = at + 16 + length, count + 1
    with open(to, "wb") as file:
        file.write(data)
    return count


def scenario(lab):
    hosts = edge, _, fe = lab.chain()
    mine, before, packets = lab.file("edge.pcapng"), lab.file("fe.pcap"), lab.file("fe-set.pcap")

    def frontend():
        listener = traffic.listen(80, lab.family)
        yield
        for _ in range(2):
            connection, _ = listener.accept()
            connection.sendall(traffic.receive(connection, 5))
            connection.recv(1)
            connection.close()

    def visits():
        for _ in range(2):
            with traffic.connect(lab.address(fe), 80) as connection:
                connection.sendall(b"hello")
                traffic.receive(connection, 5)

    program = fe.start(frontend)
    with lab.record(edge, trace=mine), capture(fe, "to-mid", before):
        program.go()
        edge.run(visits)
        program.await_step()
        forged_reset(lab, hosts)

    elsewhere = as_other_host(mine, lab.file("edge-elsewhere.pcapng"))
    lab.read_report([elsewhere, before])
    lab.expect("reset-forged", culprit="path", certainty="proven")
    lab.expect_nothing_else()

    with open(before, "rb") as file:
        data = file.read()
    first_visit = data.count(b"hello") and 10
    assert set_back(before, packets, 30, first_visit) > first_visit + 10
    lab.read_report([elsewhere, packets])
    [clock] = [file for witness in lab.report.of("witness") for file in witness["files"] if file["name"] == packets]
    assert clock["clock"] == "crossed" and "contradict" in clock["clock_note"], f"the clock that was set is not told: {clock}"
    assert all(finding["certainty"] != "proven" for finding in lab.report.findings), f"proven by a clock that is not known: {lab.report.findings}"
