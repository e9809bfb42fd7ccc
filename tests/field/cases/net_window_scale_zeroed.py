"""Uploads crawl: a router sets the window scale in passing SYN-ACKs to 0, so the client takes the server's windows for a hundredth of their size.

The server says 502 and means 64 kB; the client hears 502 bytes, less than a segment, and sends a scrap each time its probe timer fires. The server reads
all the time. Both ends are recorded: the SYN-ACK that left is not the one that arrived.
"""

import net_common as net
import programs
import traffic
from judge import expected

SOURCE = "'TCP window scaling and broken routers', LWN (2004); 'TCP window scaling: the background and the drawback', Apprentice's Notes, rug.nl"
NEEDS = ("curl",)
RIGHT = [expected(("zero-window-stall", "loss-stall", "unexplained", "interposer"), "path")]
ACCEPTABLE = [
    [expected(("loss-stall", "unexplained"), "unknown", at_most="possible")],
]
BESIDE = [expected("reset-sent", "local-application", mentions=["curl"])]


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    # MSS 4, SACK 2, timestamps 10, NOP 1: the shift count of Linux's SYN-ACK is the 40th byte of the TCP header.
    mid.nft("table inet t { chain f { type filter hook forward priority 0; tcp sport 8080 tcp flags & (syn|ack) == (syn|ack) @th,312,8 set 0\n}\n}")
    upload = programs.write(lab, "upload", "x" * 400_000)

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        connection, _ = listener.accept()
        try:
            while connection.recv(65536):
                pass
        except ConnectionResetError:
            pass
        connection.close()

    program = server.start(service, name="upload-server")
    with lab.record(client, server):
        program.go()
        assert net.curl(lab, client, lab.address(server), 8080, "-m", "6", "-H", "Expect:", "-T", upload) == 28
    program.kill()
