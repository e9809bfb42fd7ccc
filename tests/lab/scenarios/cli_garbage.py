"""`report` of something that is no trace ends with one line that names the file, and a failure status."""

import os

FAMILIES = (4,)


def scenario(lab):
    for name, content in (
        ("empty", b""),
        ("text", b"this is not a trace\n" * 100),
        ("zeros", bytes(100_000)),
        ("header-only", bytes.fromhex("0a0d0d0a")),
        ("not-zstd.zst", b"this is not zstd" * 100),
    ):
        path = os.path.join(lab.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        done = lab.tcpwitness("report", path)
        assert done.returncode in range(1, 126), f"{name}: exit status {done.returncode}"
        assert len(done.stderr.splitlines()) == 1 and name in done.stderr, f"{name}: not one line that names it: {done.stderr!r}"
    done = lab.tcpwitness("report", os.path.join(lab.folder, "missing"))
    assert done.returncode in range(1, 126) and len(done.stderr.splitlines()) == 1, f"a missing file: {done.stderr!r}"
