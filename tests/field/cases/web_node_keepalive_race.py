"""A pool sends its next request over a connection that the Node server has just closed after keepAliveTimeout, and the load balancer answers 502.

Node closes an idle keep-alive connection after a second, in good order. The pool does not look whether its connection is still open and sends a
POST. The server's kernel has no reader for it any more and answers with RST; Node itself logs nothing. Only the Node host is recorded.
"""

import http.client

import web_common
from judge import expected

SOURCE = "nodejs/node #17749 and #20256: keepAliveTimeout resets requests that are on their way"
NEEDS = ("node",)
RIGHT = [expected("reset-sent", "local-application", mentions=["node"])]
ACCEPTABLE = []

SERVER = """
const server = require('http').createServer((request, answer) => { request.resume(); answer.end('hello\\n'); });
server.keepAliveTimeout = 1000;
server.listen(8080, '::');
"""


def scenario(lab):
    balancer, backend = lab.pair("balancer", "backend")
    web_common.node(lab, backend, 8080, SERVER)

    def pool():
        connection = http.client.HTTPConnection(lab.address(backend), 8080)
        connection.request("GET", "/")
        connection.getresponse().read()
        web_common.await_state(connection.sock, web_common.CLOSE_WAIT)
        try:
            connection.request("POST", "/", body=b"an order")
            connection.getresponse()
        except (ConnectionError, http.client.RemoteDisconnected):
            return "502"

    with lab.record(backend):
        assert balancer.run(pool) == "502"
