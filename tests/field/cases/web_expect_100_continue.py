"""Healthy: each upload takes exactly one second more, because the server ignores 'Expect: 100-continue'.

curl waits a second for '100 Continue' before it sends the body. The pause is the client's own; nothing was lost, delayed or refused by anybody.
"""

import web_common

SOURCE = "jbaldwin/liblifthttp #45; facebook/hhvm #1384; yhirose/cpp-httplib #349: one second for each POST of curl"
NEEDS = ("curl",)
RIGHT = []
ACCEPTABLE = []

SERVER = """
import http.server, socket
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'thanks\\n')
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
Server(('::', 8000), Handler).serve_forever()
"""


def scenario(lab):
    client, server = lab.pair()
    web_common.python(lab, server, SERVER, listens=8000)
    upload = ("-H", "Expect: 100-continue", "--data-binary", "@-", "-w", "%{time_total}", web_common.url(lab, server, 8000))
    with lab.record(client, server, options=("--port", "8000", "--segments")):
        for _ in range(4):
            assert float(web_common.curl(lab, client, *upload, input="x" * 100000).stdout) > 0.9
