"""A process listens on the port at all addresses, but only for another device: the kernel finds no socket for the SYN.

"Nothing listens there" would be false, and `ss` would show it. The trace does not hold the device, so it is likely only. Near miss: refused, where nobody listens.
"""

import errno
import socket

import traffic

PORT = 5061


def scenario(lab):
    client, server = lab.pair()

    def bound():
        listener = traffic.listen(PORT, lab.family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        yield
        yield

    program = server.start(bound)
    with lab.record(client, server):
        assert client.run(traffic.connect_error, lab.address(server), PORT, name="client") == errno.ECONNREFUSED
    program.finish()

    lab.expect("connect-refused", culprit="local-configuration", certainty="likely", count=1, mentions=["did not take the SYN", "another device"])
    lab.expect_nothing_else()
