"""Healthy: HTTP/2 requests with GOAWAY after every 100 requests of a connection (keepalive_requests).

nginx sends GOAWAY, finishes the streams under way and closes; the client's next load takes new connections. No stream is lost.
"""

import programs
import web_common

SOURCE = "curl/curl #8809 (nginx's GOAWAY after keepalive_requests); socketry/async-http pull 245; nodejs/help #3986"
NEEDS = ("nginx", "h2load")
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair()
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080, 'http2')} keepalive_requests 100; return 200 hello;")
    with lab.record(client, server):
        for _ in range(5):
            done = programs.run(lab, client, "h2load", "-n", "400", "-c", "4", "-m", "5", web_common.url(lab, server, 8080))
            assert "400 succeeded" in done.stdout, done.stdout
