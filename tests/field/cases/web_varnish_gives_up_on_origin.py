"""A cache answers 503: its origin reads the request and says nothing within first_byte_timeout.

The visitor and the cache are well. Cache and origin are recorded.
"""

import programs
import traffic
import web_common
from judge import expected

SOURCE = "varnishcache/varnish-cache's documentation of first_byte_timeout ('503 Backend fetch failed')"
NEEDS = ("varnishd", "curl")
RIGHT = [expected("server-silent", ("peer-application", "local-application"), mentions=["origin"])]
ACCEPTABLE = []


def scenario(lab):
    client, cache, server = lab.chain("client", "cache", "origin")

    def origin():
        listener = traffic.listen(8000, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(2000)
        yield
        connection.recv(1)

    program = server.start(origin)
    vcl = programs.write(lab, "web.vcl", f"""
vcl 4.1;
backend default {{ .host = "{lab.address(server)}"; .port = "8000"; .first_byte_timeout = 2s; }}
""")  # fmt: skip
    programs.start(
        lab, cache, "varnishd", "-F", "-j", "none", "-n", lab.file("varnish"), "-f", vcl, "-s", "malloc,16m", "-a", ":8080", "-p", "thread_pool_min=10",
        listens=8080, wait=30,
    )  # fmt: skip
    with lab.record(cache, server):
        program.go()
        assert web_common.curl(lab, client, web_common.url(lab, cache, 8080)).stdout == "503"
    program.kill()
