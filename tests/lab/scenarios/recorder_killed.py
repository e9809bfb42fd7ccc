"""The recorder itself is killed with -9.

It cannot clean up, so nothing may need cleaning: every BPF program, map and link goes with its process. What it had written is
readable up to the cut, the finding in it included, and the report does not fail over the missing end.
"""

import errno
import subprocess
import time

import bpf_objects
import traffic

FAMILIES = (4,)
NEEDS = ("bpftool",)


def still_there(held):
    return [each for each in held if subprocess.run(["bpftool", each[0], "show", "id", each[1]], capture_output=True).returncode == 0]


def scenario(lab):
    client, server = lab.pair()
    with open("/proc/self/mounts") as file:
        mounts = {line for line in file if "bpf" in line or "tracefs" in line}
    with lab.record(client, server) as recorder:
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ECONNREFUSED
        time.sleep(2)  # by then it has been flushed
        held = bpf_objects.held_by(recorder.pid)
        assert {kind for kind, _ in held} == {"prog", "map", "link"}, f"the recorder holds {held}"
        assert still_there(held) == held, "bpftool does not know them"
        recorder.kill()

    limit = time.monotonic() + 5
    while still_there(held) and time.monotonic() < limit:
        time.sleep(0.1)  # the kernel frees them after a grace period
    assert not still_there(held), f"left behind in the kernel: {still_there(held)}"
    with open("/proc/self/mounts") as file:
        assert mounts == {line for line in file if "bpf" in line or "tracefs" in line}, "a mount was left behind"

    lab.expect("connect-refused", count=1)
    lab.expect_nothing_else()
