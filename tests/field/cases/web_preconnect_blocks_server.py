"""A browser's speculative connection, over which it never sends anything, blocks a single-threaded HTTP server for everybody else.

Python's HTTPServer accepts the silent connection and waits in its read for a request line. The next client's handshake completes, its request
is acknowledged by the kernel, and nobody takes it until the client gives up.
"""

import processes
import traffic
import web_common
from judge import expected

SOURCE = "jordan-gibbs/hyperresearch #87; emscripten-core/emscripten pull 24748; Python bpo-31639"
NEEDS = ("curl",)
RIGHT = [expected(("hung-service", "server-silent"), ("local-application", "peer-application"), mentions=["python3"])]
ACCEPTABLE = []

SERVER = """
import http.server, socket
class Server(http.server.HTTPServer):
    address_family = socket.AF_INET6
Server(('::', 8000), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def scenario(lab):
    client, server = lab.pair()
    web_common.python(lab, server, SERVER, listens=8000)

    def browser():
        connection = traffic.connect(lab.address(server), 8000)
        yield
        yield
        connection.close()

    with lab.record(client, server):
        client.start(browser)
        assert web_common.curl(lab, client, "-m", "8", web_common.url(lab, server, 8000)).returncode == 28
    processes.end_all()
