"""A client sets TCP_USER_TIMEOUT to 2 s, and a firewall drops what it sends: the kernel gives up then, not after a quarter of an hour.

user-timeout, with the value and what stayed unacknowledged; the path, likely, because the other end was recorded too.
"""

import errno
import socket
import time

import traffic

DEAF = """
    table inet t {
      chain f {
        type filter hook forward priority 0;
        drop
      }
    }
"""


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        connection.close()

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 2000)
        yield
        connection.sendall(b"a request")
        yield traffic.error_of(connection.recv, 1)

    program = server.start(frontend)
    with lab.record(client, server):
        asker = client.start(asking)
        program.step()
        mid.nft(DEAF)
        assert asker.step() == errno.ETIMEDOUT
        time.sleep(0.2)

    lab.expect("user-timeout", culprit="path", certainty="likely", count=1, mentions=["asking", "2.0 s", "9 bytes"])
    lab.expect_nothing_else()
    lab.example("user-timeout")
