"""Healthy: haproxy with http-server-close ends each connection to its server with RST, once the whole answer is there.

It saves the proxy's local ports from TIME_WAIT. The server has sent everything and loses nothing; the visitors see no error. Only the server is
recorded.
"""

import programs
import web_common

SOURCE = "haproxy/haproxy #3029 (works as designed: RST,ACK to the server with http-server-close)"
NEEDS = ("haproxy", "nginx", "curl")
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, proxy, server = lab.chain("client", "proxy", "server")
    web_common.nginx(lab, server, 8000, f"{web_common.listen(8000)} return 200 hello;")
    web_common.haproxy(lab, proxy, 8080, f"""
    option http-server-close
listen web
    bind :8080
    bind :::8080 v6only
    server web {web_common.bracketed(lab.address(server))}:8000
""")  # fmt: skip
    urls = [word for number in range(3) for word in ("-o", "/dev/null", web_common.url(lab, proxy, 8080, f"/{number}"))]
    with lab.record(server):
        for _ in range(20):
            assert programs.run(lab, client, "curl", "-s", "-w", "%{http_code} ", *urls).stdout.split() == ["200"] * 3
