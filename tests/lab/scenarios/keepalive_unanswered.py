"""A connection is idle with keepalive on, and a firewall begins to drop everything: the probes stay unanswered.

The client probes after 1 s, three times, a second apart, then gives up with ETIMEDOUT and a RST. keepalive-timeout: the path; with the
other end recorded, still open and untroubled, likely. What the application had set is told.
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


def programs(lab, server):
    """What the two ends do: the server's program takes a connection; the client's asks after 1 s of silence, then waits for its end."""

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        connection.close()

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1), (socket.TCP_KEEPCNT, 3)):
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        yield
        yield traffic.error_of(connection.recv, 1)

    return frontend, asking


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    frontend, asking = programs(lab, server)
    program = server.start(frontend)
    with lab.record(client, server):
        asker = client.start(asking)
        program.step()
        mid.nft(DEAF)
        assert asker.step() == errno.ETIMEDOUT
        time.sleep(0.2)

    found = lab.expect("keepalive-timeout", culprit="path", certainty="likely", count=1, mentions=["asking", "3 probes"])
    assert any("TCP_KEEPIDLE 1, TCP_KEEPINTVL 1, TCP_KEEPCNT 3" in reason for reason in found["reasons"]), f"what was set is not told: {found['reasons']}"
    lab.expect_nothing_else()
    lab.example("keepalive-timeout")
