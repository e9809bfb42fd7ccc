"""`tcpwitness demo` plays the case of the forged reset, reports it, and leaves no namespace behind, also when interrupted."""

import os
import signal
import subprocess
import time

FAMILIES = (4,)


def namespaces():
    """All but the lab's own."""
    return {name for name in os.listdir("/run/netns") if not name.startswith("twlab-")} if os.path.isdir("/run/netns") else set()


def scenario(lab):
    before = namespaces()
    done = lab.tcpwitness("demo", "-w", lab.trace)
    assert done.returncode == 0, f"exit status {done.returncode}: {done.stderr}"
    assert "reset-forged" in done.stdout and "proven" in done.stdout, f"the demo does not tell its story: {done.stdout}"
    assert namespaces() == before, f"left behind: {namespaces() - before}"
    lab.read_report()
    lab.expect("reset-forged", culprit="path", certainty="proven")
    lab.expect_nothing_else()

    for number in (signal.SIGINT, signal.SIGTERM):
        trace = lab.trace + ".unused"
        demo = subprocess.Popen([lab.binary, "demo", "-w", trace], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(2)
        demo.send_signal(number)
        _, said = demo.communicate(timeout=20)
        assert demo.returncode == 1 and "goes on" not in said, f"an interrupted demo ends with {demo.returncode}: {said}"
        assert not os.path.exists(trace), "an interrupted demo leaves a trace of nothing"
        assert namespaces() == before, f"left behind after signal {number}: {namespaces() - before}"
