"""The same silence as in keepalive_unanswered, of which there is only a capture: the probes, and the RST with which the client gave up.

Two probes are answered before; while they are, and in the capture of an end that is only asked and answers, there is nothing to find.
"""

import errno
import time

from forged_reset_case import capture
from keepalive_unanswered import DEAF, programs

NEEDS = ("tcpdump",)


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    frontend, asking = programs(lab, server)
    whole, answered = lab.file("whole.pcap"), lab.file("answered.pcap")
    program = server.start(frontend)
    with capture(client, "to-mid", whole):
        with capture(server, "to-mid", answered):
            asker = client.start(asking)
            program.step()
            time.sleep(2.5)
        mid.nft(DEAF)
        assert asker.step() == errno.ETIMEDOUT

    lab.read_report(answered)
    lab.expect_nothing_else()
    lab.read_report(whole)
    found = lab.expect("keepalive-timeout", culprit="path", certainty="possible", count=1, mentions=["3 keepalive probes", "one every 1.0 s", "with a RST"])
    assert len(found["evidence"]) == 5, f"not the last answer, three probes and a RST: {found['evidence']}"
    lab.expect_nothing_else()
