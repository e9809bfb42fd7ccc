"""`-w x.pcapng.zst` compresses by name: zstd itself reads it, so does report, and a cut-off file is readable up to the cut."""

import errno
import os
import subprocess
import time

import traffic

FAMILIES = (4,)
NEEDS = ("zstd",)


def scenario(lab):
    client, server = lab.pair()
    trace = lab.trace + ".zst"
    with lab.record(client, server, trace=trace):
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ECONNREFUSED
    plain = subprocess.run(["zstd", "-dc", trace], capture_output=True, check=True).stdout
    assert plain[:4] == bytes.fromhex("0a0d0d0a"), "what is inside is no pcapng"
    assert os.path.getsize(trace) < len(plain)
    lab.read_report(trace)
    lab.expect("connect-refused", count=1)
    lab.expect_nothing_else()

    with lab.record(client, server, trace=trace) as recorder:
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ECONNREFUSED
        time.sleep(2)  # by then it has been flushed
        recorder.kill()
    lab.read_report(trace)
    lab.expect("connect-refused", count=1)
