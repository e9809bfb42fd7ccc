"""The recorder itself is killed with -9.

It cannot clean up, so nothing may need cleaning: every BPF program, map and link goes with its process. What it had written is
readable up to the cut, the finding in it included, and the report does not fail over the missing end.
"""

import errno
import json
import subprocess
import time

import traffic

FAMILIES = (4,)


def bpf_objects_of(pid):
    """Programs, maps and links that a process holds: bpftool finds the holders of each."""
    held = []
    for kind in ("prog", "map", "link"):
        listed = json.loads(subprocess.run(["bpftool", "-j", kind, "show"], capture_output=True, check=True).stdout or "[]")
        held += [(kind, thing["id"]) for thing in listed if any(holder["pid"] == pid for holder in thing.get("pids", []))]
    return held


def still_there(held):
    return [
        (kind, number)
        for kind, number in held
        if subprocess.run(["bpftool", kind, "show", "id", str(number)], capture_output=True).returncode == 0
    ]


def scenario(lab):
    client, server = lab.pair()
    with open("/proc/self/mounts") as file:
        mounts = {line for line in file if "bpf" in line or "tracefs" in line}
    with lab.record(client, server) as recorder:
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ECONNREFUSED
        time.sleep(2)  # by then it has been flushed
        held = bpf_objects_of(recorder.pid)
        assert held, "bpftool knows no BPF program of the recorder"
        recorder.kill()

    limit = time.monotonic() + 5
    while still_there(held) and time.monotonic() < limit:
        time.sleep(0.1)  # the kernel frees them after a grace period
    assert not still_there(held), f"left behind in the kernel: {still_there(held)}"
    with open("/proc/self/mounts") as file:
        assert mounts == {line for line in file if "bpf" in line or "tracefs" in line}, "a mount was left behind"

    lab.expect("connect-refused", count=1)
    lab.expect_nothing_else()
