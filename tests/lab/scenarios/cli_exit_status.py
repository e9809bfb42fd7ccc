"""`record -- COMMAND` runs the command, records while it runs, and ends with the command's own exit status.

A command that cannot be run is 127, as in a shell, and leaves no trace file. Nor does one that Ctrl-C ended while the probes were still being attached:
that is said as it is.
"""

import os
import signal
import subprocess
import time

FAMILIES = (4,)
ALONE = True  # five recorders, one after the other: beside others they take longer than the limit


def scenario(lab):
    host = lab.host("host")
    for words, status in ((["true"], 0), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -TERM $$"], 128 + 15)):
        done = lab.tcpwitness("record", "-w", lab.trace, "--force", "--netns", host.name, "--", *words)
        assert done.returncode == status, f"{words}: exit status {done.returncode}, expected {status}: {done.stderr}"
        lab.read_report()
    for words in (["/no/such/program"], ["/etc/passwd"]):
        trace = lab.trace + ".unused"
        done = lab.tcpwitness("record", "-w", trace, "--netns", host.name, "--", *words)
        assert done.returncode == 127, f"a command that cannot be run: exit status {done.returncode}: {done.stderr}"
        assert words[0] in done.stderr, done.stderr
        assert not os.path.exists(trace), "a trace of nothing was left behind"
    command = [lab.binary, "record", "-w", trace, "--netns", host.name, "--", "true"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as early:
        time.sleep(0.1)
        os.killpg(early.pid, signal.SIGINT)  # as a terminal does: the command that waits gets it, too
        told = early.communicate(timeout=30)[1]
    assert early.returncode in (128 + signal.SIGINT, -signal.SIGINT), f"interrupted while attaching: exit status {early.returncode}: {told}"
    assert "Broken pipe" not in told and not os.path.exists(trace), told
