"""A download stands still for several seconds and then goes on, as if nothing had been: the path lost everything for that time.

Nobody closes or resets. The server's kernel sends the same segments again, with growing pauses, until one gets through. Only the web server is
recorded: it sees no acknowledgement and cannot tell in which direction the loss was.
"""

import os

import programs
import web_common
from judge import expected

SOURCE = "sshnet/SSH.NET #849 (downloads hang and resume), owncloud/client #1471 (unstable WLAN), conda-incubator/conda-mirror #53"
NEEDS = ("nginx", "curl")
RIGHT = [expected("loss-stall", ("path", "unknown"), at_most="likely")]
ACCEPTABLE = [[expected("unexplained", "unknown", at_most="possible")], [expected("retransmission-timeout", ("path", "unknown"), at_most="likely")]]


def scenario(lab):
    client, middle, server = lab.chain("client", "middle", "server")
    with open(lab.file("film"), "wb") as film:
        film.write(os.urandom(1 << 20) * 3)
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} root {lab.folder}; limit_rate 500k;")
    got = lab.file("got")
    with lab.record(server):
        download = programs.start(lab, client, "curl", "-sS", "-o", got, web_common.url(lab, server, 8080, "/film"))
        web_common.until(lambda: os.path.exists(got) and os.path.getsize(got) > 700000)
        middle.nft("table inet t { chain f { type filter hook forward priority 0; tcp sport 8080 drop\n}\n}")
        before = -1
        while before != (before := os.path.getsize(got)):
            programs.run(lab, client, "sleep", "0.5")
        programs.run(lab, client, "sleep", "4")
        middle.nft("flush ruleset")
        assert download.wait(40) == 0
