"""A tool that makes its own SYNs never gets a connection: its own kernel resets each handshake, since no socket of it asked.

The answers arrive; the kernel knows nothing of them and sends RST before the tool has looked. Both ends are recorded. Neither the server nor anything on the
path did it.
"""

import time

import raw_segments
import traffic
from judge import expected

SOURCE = "secdev/scapy #3627 and #2439, Chion82/kcptun-raw #19: the kernel's RST against user-space TCP"
RIGHT = [expected(("reset-sent", "handshake-incomplete"), ("local-kernel", "local-application"), at_least="likely", mentions=["client"])]
ACCEPTABLE = [
    [expected(("reset-sent", "reset-received", "handshake-incomplete"), ("local-kernel", "local-application", "peer-host", "peer-application"))],
]


def scenario(lab):
    client, server = lab.pair()

    def service():
        listener = traffic.listen(80, lab.family)
        yield
        listener.close()

    def tool():
        for port in (40123, 40124):
            raw_segments.send(lab.address(client), port, lab.address(server), 80, raw_segments.SYN, 12345)
            time.sleep(0.5)

    program = server.start(service, name="webd")
    with lab.record(client, server):
        client.run(tool, name="scapy")
    program.finish()
