"""Every answer after the first on a kept-alive connection takes 40 ms more: the server writes head and body separately.

Python's http.server sends the headers with one write and the body with the next, without TCP_NODELAY. Its kernel holds the small body back until
the client acknowledges the headers, and the client delays that ACK. Only the server is recorded, with all segments.
"""

import http.client

import web_common
from judge import expected

SOURCE = "oxigraph/oxhttp #39, http-rs/async-h1 #199, scylladb/seastar #968, openwrt/uhttpd pull 34: 40 ms on reused connections"
NEEDS = ()
RIGHT = [expected("nagle-delayed-ack", "local-application", at_most="likely", mentions=["python3"])]
ACCEPTABLE = []

SERVER = """
import http.server, socket
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '6')
        self.end_headers()
        self.wfile.write(b'hello\\n')
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
Server(('::', 8000), Handler).serve_forever()
"""


def scenario(lab):
    client, server = lab.pair()
    web_common.python(lab, server, SERVER, listens=8000)

    def asking():
        connection = http.client.HTTPConnection(lab.address(server), 8000)
        for _ in range(30):
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"hello\n"
        connection.close()

    with lab.record(server, options=("--port", "8000", "--segments")):
        client.run(asking)
