"""A recorder that cannot keep up loses records, and says so: how many, of which probe, and when.

The recorder is stopped for a moment (SIGSTOP) with a ring of 64 KiB, while a client makes 500 connections. The ring overflows. Every
lost record is counted on stderr and stands in the trace as a gap with its time range, both counts agree, the finding evidence-gap
tells them, and nothing that leans on the silence in between is told as proven.
"""

import os
import re
import signal

import traffic

FAMILIES = (4,)


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        for _ in range(500):
            listener.accept()[0].close()

    def asking():
        for _ in range(500):
            connection = traffic.connect(lab.address(server), 5061)
            connection.recv(1)
            connection.close()

    program = server.start(frontend)
    with lab.record(client, server, options=["--buffer", "64K"]) as recorder:
        os.kill(recorder.pid, signal.SIGSTOP)
        try:
            asking_program = client.begin(asking)
            program.finish()
            asking_program.await_step()
        finally:
            os.kill(recorder.pid, signal.SIGCONT)

    lost = int(re.search(r"(\d+) lost", recorder.text).group(1))
    assert lost > 0, f"nothing was lost:\n{recorder.text}"
    by_probe = sum(int(count) for count in re.findall(r"(\d+) lost by probe", recorder.text))
    assert by_probe == lost, f"{lost} lost, but {by_probe} by probe"
    lab.expect("evidence-gap", mentions=[str(lost)])
    lab.example("evidence-gap")
    gaps = lab.report.of("gap")
    assert sum(gap["lost"] for gap in gaps) == lost, f"{lost} lost, but the gaps tell otherwise"
    assert all(finding["certainty"] != "proven" for finding in lab.report.findings if finding["rule"] != "evidence-gap")
