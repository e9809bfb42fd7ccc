"""HEALTHY: a proxy takes two large answers to its client and resets the server's connection once it has the whole of each.

haproxy has counted Content-Length and does not wait for the server's FIN. Only the proxy is recorded; the visitors got everything.
"""

import programs
import traffic
import web_common
from judge import NONE

SOURCE = "haproxy/haproxy #3029 (RST to the server instead of FIN is how it works)"
NEEDS = ("haproxy", "curl")
RIGHT = NONE

SIZE = 30_000_000


def scenario(lab):
    client, proxy, server = lab.chain("client", "proxy", "server")

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        for _ in range(2):
            connection, _ = listener.accept()
            connection.recv(1000)
            traffic.error_of(connection.sendall, b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE + bytes(SIZE))
            connection.close()

    program = server.start(service, name="webd")
    program.go()
    web_common.haproxy(lab, proxy, 8080, f"""
listen web
    bind :8080
    bind :::8080 v6only
    option splice-auto
    server one {lab.address(server)}:8080
""")  # fmt: skip
    with lab.record(proxy):
        for _ in range(2):
            done = programs.run(lab, client, "curl", "-sS", "-o", "/dev/null", "-w", "%{size_download}", web_common.url(lab, proxy, 8080))
            assert done.stdout == str(SIZE), done
        program.await_step()
