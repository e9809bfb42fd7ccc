"""`record -- COMMAND`: the command keeps its own stdin, stdout and stderr, and `--duration` ends a recording by itself."""

import time

FAMILIES = (4,)
ALONE = True  # it measures how long the recorder takes


def scenario(lab):
    host = lab.host("host")
    done = lab.tcpwitness(
        "record", "-w", lab.trace, "--force", "--netns", host.name, "--", "sh", "-c", "cat; echo said >&2", input="from stdin\n"
    )
    assert done.stdout == "from stdin\n", f"stdout is {done.stdout!r}"
    assert "said" in done.stderr, done.stderr
    assert "recording" in done.stderr and "0 lost" in done.stderr, f"losses are not told: {done.stderr}"

    began = time.monotonic()
    done = lab.tcpwitness("record", "-w", lab.trace, "--force", "--netns", host.name, "--duration", "1")
    assert done.returncode == 0, done.stderr
    assert 1 <= time.monotonic() - began < 10, "--duration 1 did not end in time"
