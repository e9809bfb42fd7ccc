"""A client's pool writes its request to a connection that the server had closed seconds before: 'Remote end closed connection without response'.

The server's FIN has long been here, but the pool does not read until it has written. The answer is a RST. Only the client's host is recorded, and it
shows all of that: the orderly end, the pause, the late request. No device on the path has a part in it.
"""

import http.client

import web_common
from judge import expected

SOURCE = "nodejs/node #20256 (a keep-alive request can fail though everything seems ok); nginx/nginx pull 456; Apache HttpClient on stale connections"
NEEDS = ("nginx",)
RIGHT = [expected(("reset-received", "unexplained"), ("local-application", "peer-application"), at_most="likely", mentions=["pool"])]
ACCEPTABLE = [[expected("reset-received", "peer-host", at_most="likely", mentions=["pool"])]]


def scenario(lab):
    client, server = lab.pair()
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} keepalive_timeout 1s; return 200 hello;")

    def pool():
        connection = http.client.HTTPConnection(lab.address(server), 8080)
        connection.request("GET", "/")
        connection.getresponse().read()
        web_common.await_state(connection.sock, web_common.CLOSE_WAIT)
        try:
            connection.request("POST", "/", body=b"an order")
            connection.getresponse()
        except (ConnectionError, http.client.RemoteDisconnected):
            return "failed"

    with lab.record(client):
        assert client.run(pool) == "failed"
