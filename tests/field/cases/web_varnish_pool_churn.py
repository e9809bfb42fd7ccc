"""Healthy: Varnish keeps connections to its backend, which closes them after a second of idleness; Varnish makes new ones.

The visitors' requests come further apart than the backend's keepalive_timeout, so every one finds the pooled connection closed. Both sides close in
good order and no request is lost.
"""

import time

import programs
import web_common

SOURCE = "Varnish's documentation on backend_idle_timeout ('HTC Remote closed the connection' is normal churn of the pool)"
NEEDS = ("varnishd", "nginx", "curl")
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, cache, backend = lab.chain("client", "cache", "backend")
    web_common.nginx(lab, backend, 8000, f"{web_common.listen(8000)} keepalive_timeout 1s; return 200 hello;")
    vcl = programs.write(lab, "web.vcl", f"""
vcl 4.1;
backend default {{ .host = "{lab.address(backend)}"; .port = "8000"; }}
sub vcl_recv {{ return (pass); }}
""")  # fmt: skip
    programs.start(
        lab, cache, "varnishd", "-F", "-j", "none", "-n", lab.file("varnish"), "-f", vcl, "-s", "malloc,16m", "-a", ":8080", "-p", "thread_pool_min=10",
        listens=8080, wait=30,
    )  # fmt: skip
    with lab.record(cache, backend):
        for _ in range(6):
            assert web_common.curl(lab, client, web_common.url(lab, cache, 8080)).stdout == "200"
            time.sleep(1.4)
