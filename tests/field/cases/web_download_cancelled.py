"""A visitor cancels a download: the player seeks, the reader goes to another page. The server sees resets; that is everyday life.

curl is told to stop in the midst of the answer and closes with data unread, so its kernel sends RST. The server had no part in it. Only the server
is recorded: the peer went away in the midst of an answer that was going well.
"""

import os

import programs
import web_common
from judge import expected

SOURCE = "kaltura/nginx-vod-module #357: 'client prematurely closed connection (104: Connection reset by peer)' when a viewer stops the video"
NEEDS = ("nginx", "curl")
RIGHT = [expected("reset-received", ("peer-application", "peer-host"), at_most="likely", mentions=["nginx"])]
ACCEPTABLE = [[]]


def scenario(lab):
    client, server = lab.pair()
    with open(lab.file("film"), "wb") as film:
        film.write(os.urandom(1 << 20) * 8)
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} root {lab.folder}; limit_rate 2m;")
    with lab.record(server):
        for _ in range(4):
            done = programs.run(lab, client, "sh", "-c", f"curl -s {web_common.url(lab, server, 8080, '/film')} | head -c 300000 | wc -c")
            assert done.stdout.strip() == "300000", done
