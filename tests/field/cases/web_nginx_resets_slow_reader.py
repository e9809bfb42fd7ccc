"""nginx resets a download whose reader has stopped: send_timeout with reset_timedout_connection.

The client took the first bytes and then reads no more; its window closes. After send_timeout nginx gives up, and sends a RST instead of keeping the
unsent data in the kernel. The cause is the reader that stands still. Both hosts are recorded.
"""

import os
import socket

import processes
import traffic
import web_common
from judge import expected

SOURCE = "koel/koel pull 1660 (nginx's send_timeout ends songs of a player that has buffered enough); voxpupuli/puppet-nginx #1447; xbmc/xbmc #17047"
NEEDS = ("nginx",)
RIGHT = [expected("zero-window-stall", ("local-application", "peer-application"), mentions=["player"])]
ACCEPTABLE = [[expected("reset-sent", "local-application", mentions=["nginx"])]]
BESIDE = [expected("reset-sent", "local-application", mentions=["nginx"])]


def scenario(lab):
    client, server = lab.pair()
    with open(lab.file("film"), "wb") as film:
        film.write(os.urandom(1 << 20) * 16)
    web_common.nginx(
        lab, server, 8080, f"{web_common.listen(8080)} root {lab.folder}; send_timeout 5s; reset_timedout_connection on; sendfile on;"
    )

    def player():
        connection = traffic.connect(lab.address(server), 8080)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(b"GET /film HTTP/1.0\r\n\r\n")
        assert traffic.receive(connection, 30000)
        web_common.until(lambda: web_common.tcp_state(connection) != web_common.ESTABLISHED, 20)
        yield traffic.error_of(connection.recv, 1)

    with lab.record(client, server):
        client.start(player)
    processes.end_all()
