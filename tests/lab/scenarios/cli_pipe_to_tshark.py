"""`record -w - | tshark -r -`: the trace goes down a pipe, and Wireshark's own reader takes it.

tshark lists the real packets of a connect that is refused, the SYN and the RST, and our records between them.
"""

import errno
import subprocess

import traffic
from recorder import Recorder

FAMILIES = (4,)
NEEDS = ("tshark",)


class Piped(Recorder):
    """Records into a pipe; what the reader made of it stands in `read`."""

    def __enter__(self):
        self.words[self.words.index("-w") + 1] = "-"
        super().__enter__()
        return self

    def stdout(self):
        self.reader = subprocess.Popen(
            ["tshark", "-n", "-r", "-", "-T", "fields", "-e", "frame.interface_name", "-e", "tcp.flags.str"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self.reader.stdin

    def __exit__(self, *problem):
        super().__exit__(*problem)
        self.reader.stdin.close()
        self.reader.stdin = None
        self.read, self.errors = self.reader.communicate(timeout=30)


def scenario(lab):
    client, server = lab.pair()
    with Piped(lab.binary, lab.trace, (client, server)) as recorder:
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ECONNREFUSED

    assert recorder.reader.returncode == 0, f"tshark: {recorder.errors}"
    lines = [line.split("\t") for line in recorder.read.splitlines()]
    assert any(line[0] == "kernel" for line in lines), f"no records: {lines}"
    flags = [line[1].strip("·") for line in lines if line[0] == "to-server"]
    assert [flag.replace("·", "") for flag in flags] == ["S", "AR"], f"the client's packets are {flags}, not SYN and RST"
