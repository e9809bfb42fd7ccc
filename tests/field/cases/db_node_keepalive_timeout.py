"""A proxy reuses a kept-alive connection just when Node's keepAliveTimeout has closed it: ECONNRESET, "socket hang up", 502.

Node closes a kept-alive connection after keepAliveTimeout (5 s by default, here 1 s). Whoever in front of it keeps connections longer (ALB: 60 s) sends
the next request into the closed connection. Recorded on the proxy's host.
"""

import db_common
import programs
import traffic
from judge import expected

SOURCE = "nodejs/node #20256 (ECONNRESET with keep-alive), nodejs/node #27363; many reports of 502 by ALB in front of Node"
NEEDS = ("node",)
RIGHT = [expected(("reset-received", "reset-sent"), ("peer-application", "local-application"), at_most="likely")]
ACCEPTABLE = [[expected("reset-received", ("peer-host", "unknown"), at_most="likely")]]

SERVER = """
const server = require('http').createServer((request, response) => { request.resume(); response.end('hello'); });
server.keepAliveTimeout = 1000;
server.listen(3000);
"""


def scenario(lab):
    proxy, server = lab.pair("proxy", "node")
    programs.start(lab, server, "node", "-e", SERVER, listens=3000, name="node")

    def balancer():
        request = b"POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 2\r\n\r\n{}"
        connection = traffic.connect(lab.address(server), 3000)
        connection.sendall(request)
        assert b"hello" in connection.recv(1000)
        yield
        connection.sendall(request)
        traffic.error_of(lambda: [connection.recv(1000) for _ in range(3)])
        yield
        connection.close()

    with lab.record(proxy):
        upstream = proxy.start(balancer)
        db_common.await_true(lambda: db_common.sockets(proxy, "state", "close-wait", "dport = :3000"), 15, "Node closes")
        upstream.step()
        db_common.await_true(lambda: not db_common.sockets(server, "state", "fin-wait-2"), 15, "the RST")
        upstream.finish()
