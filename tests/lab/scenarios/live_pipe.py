"""`live | head -1`: live ends as soon as head has its line, and calls that no failure."""

import errno
import subprocess

import traffic
from recorder import Live

FAMILIES = (4,)


class Piped(Live):
    """Live into a pipe that `head -1` reads."""

    def stdout(self):
        self.head = subprocess.Popen(["head", "-1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self.head.stdin

    def __exit__(self, *_):
        self.kill()


def scenario(lab):
    client, server = lab.pair()
    with Piped(lab.binary, lab.trace, (client, server)) as live:
        live.head.stdin.close()
        live.head.stdin = None
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ECONNREFUSED
        read, _ = live.head.communicate(timeout=5)
        assert "connect-refused" in read, f"head read: {read}"
        status = live.process.wait(3)
        assert status == 0, f"live ended with status {status}:\n{live.text}"
        assert "Broken pipe" not in live.text and "nobody reads" not in live.text, live.text
