"""A tool makes its own SYNs on a raw socket. Its kernel knows no such connection, and resets each handshake before the tool can answer.

Both ends are recorded: nobody else did it. Near miss: a scanner, which asks many ports and wants nothing else.
"""

import time

import raw_segments
import traffic

LIMIT = 90


def scenario(lab):
    client, server = lab.pair()

    def service():
        listeners = [traffic.listen(port, lab.family) for port in range(5061, 5073)]  # noqa: F841
        yield

    def tool(ports):
        for port in ports:
            raw_segments.send(lab.address(client), 40123 + port, lab.address(server), port, raw_segments.SYN, 12345)
            time.sleep(0.1)

    program = server.start(service, name="webd")
    with lab.record(client, server):
        client.run(tool, (5061, 5062), name="tool")
        time.sleep(0.3)
    lab.read_report()
    finding = lab.expect("reset-sent", culprit="local-kernel", certainty="likely", count=1, mentions=[client.name, "2 handshakes", "a program had made it itself"])
    assert len(finding["connections"]) == 2, finding["connections"]
    lab.expect_nothing_else()

    with lab.record(client, server):
        client.run(tool, range(5061, 5073), name="scanner")
        time.sleep(0.5)
    lab.read_report()
    assert not any("made it itself" in one["headline"] for one in lab.report.findings), lab.report.findings
    assert "scan" in {one["pattern"] for one in lab.report.of("benign")}, lab.report.of("benign")
    program.finish()
