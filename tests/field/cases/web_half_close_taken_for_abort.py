"""A script gets no answer through nginx, though it gets one from the server itself: it closes its sending half after the request.

nginx takes the client's FIN for an abort while the upstream is still at work, notes 499 and closes both connections. When the upstream answers, the
proxy's kernel resets it. Only the proxy is recorded: it was nginx that closed.
"""

import socket

import traffic
import web_common
from judge import expected

SOURCE = "envoyproxy/envoy #2066 and httpwg/http-core #22: half-closed HTTP/1.1 clients (echo | nc) through proxies"
NEEDS = ("nginx",)
RIGHT = [expected("reset-sent", "local-application", mentions=["nginx"])]
ACCEPTABLE = []

UPSTREAM = """
import http.server, socket, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(1.5)
        self.send_response(200)
        self.end_headers()
        time.sleep(0.3)
        self.wfile.write(b'late')
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
Server(('::', 8000), Handler).serve_forever()
"""


def scenario(lab):
    client, proxy, upstream = lab.chain("client", "proxy", "upstream")
    web_common.python(lab, upstream, UPSTREAM, listens=8000, name="upstream")
    target = f"http://{web_common.bracketed(lab.address(upstream))}:8000"
    web_common.nginx(lab, proxy, 8080, f"{web_common.listen(8080)} location / {{ proxy_pass {target}; }}")

    def script():
        connection = traffic.connect(lab.address(proxy), 8080)
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        yield
        connection.shutdown(socket.SHUT_WR)
        answer = traffic.receive(connection, 1000)
        connection.close()
        return answer

    with lab.record(proxy):
        program = client.start(script)
        web_common.until(lambda: web_common.open_connections(upstream, 8000))
        assert program.finish() == b""
        web_common.until(lambda: not web_common.open_connections(upstream, 8000))
