"""The case that each side blames on the other, recorded on each host by itself: two files that know nothing of each other.

A device in the middle swallows the front end's SYN-ACKs and resets the handshake in the edge's name (scenarios/reset_forged.py).
"""

import contextlib
import errno
import shutil
import subprocess
import time

import traffic
from processes import die_with_parent

DEVICE = """
    table inet t {
      chain f {
        type filter hook forward priority 0;
        tcp sport 5061 tcp flags & (syn|ack) == (syn|ack) reject with tcp reset
      }
    }
"""


@contextlib.contextmanager
def capture(namespace, device, path, only="tcp"):
    """tcpdump on one of the host's devices while the `with` block runs, with a filter that says which packets only."""
    process = subprocess.Popen(
        ["ip", "netns", "exec", namespace.name, shutil.which("tcpdump"), "-i", device, "-n", "-U", "-Z", "root", "--immediate-mode", "-w", path, only],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,
    )
    said = line = process.stderr.readline()
    while "listening" not in line:
        assert line, f"tcpdump did not start: {said}"
        line = process.stderr.readline()
        said += line
    try:
        yield path
    finally:
        time.sleep(0.3)
        process.terminate()
        process.wait()


def forged_reset(lab, hosts, *contexts, around=2.5):
    """One connect of the edge that the device between makes fail, while the contexts (recorders, captures) are open.

    They stay open for `around` seconds more on either side, longer than a packet can be under way: clocks that are compared one way leave that much open.
    """
    edge, mid, fe = hosts
    edge.sysctl(tcp_syn_retries=2)
    mid.nft(DEVICE)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        listener.close()

    fe.start(frontend)
    with contextlib.ExitStack() as stack:
        for each in contexts:
            stack.enter_context(each)
        time.sleep(around)
        assert edge.run(traffic.connect_error, lab.address(fe), 5061, name="client") == errno.ETIMEDOUT
        time.sleep(around)
