"""Where no interrupt comes in a probe's midst for a long while, its stand-in is let go; when one comes, it is back within moments and stays.

What the kernel leaves out until then is told as lost, and nothing after that.
"""

import re
import time

import bpf_objects
import interrupted
import traffic

ALONE = True
QUIET, INTERRUPTED = 6_000, 4_000
MISSED = 500  # what a softirq or two do: far from what thousands of interrupts would leave out


def scenario(lab):
    client, server = lab.pair()
    program = interrupted.frontend(lab, server, INTERRUPTED)

    def nobody_listens():
        for port in range(QUIET):  # two state changes each
            assert traffic.connect_error(traffic.LOOPBACK[lab.family], 1 + port % 1000) != 0

    with lab.record(client, server) as recorder:
        before = links(recorder.pid)
        for _ in range(2):
            client.run(nobody_listens)
        assert await_links(recorder.pid, before - 1), "the stand-in was not let go"
        interrupted.interrupt(lab, client)
        program.go()
        client.run(interrupted.connect_without_pause, lab.family, lab.address(server), INTERRUPTED, name="connecting")
        program.await_step()
        assert await_links(recorder.pid, before), "the stand-in did not come back"

    lost = int(re.search(r"(\d+) lost", recorder.text).group(1))
    assert 0 < lost < MISSED, recorder.text


def links(pid):
    """How many programs the recorder has attached."""
    return sum(kind == "link" for kind, _ in bpf_objects.held_by(pid))


def await_links(pid, count):
    for _ in range(50):
        if links(pid) == count:
            return True
        time.sleep(0.1)
    return False
