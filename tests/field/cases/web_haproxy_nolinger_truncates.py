"""A scrape of haproxy's metrics breaks off with 'Connection reset by peer' in the middle of the answer: 'option nolinger'.

With that option haproxy sets SO_LINGER 0, and its close() throws away what the kernel has not sent yet. On a slow line most of the answer is lost.
Both hosts are recorded.
"""

import web_common
from judge import expected
from namespaces import command

SOURCE = "haproxy/haproxy #896: nolinger makes prom-exporter send a premature RST,ACK"
NEEDS = ("haproxy", "curl")
RIGHT = [expected("reset-sent", "local-application", mentions=["haproxy", "SO_LINGER"])]
ACCEPTABLE = [[expected("reset-sent", "local-application", mentions=["haproxy"])]]


def scenario(lab):
    client, server = lab.pair()
    web_common.haproxy(lab, server, 9000, """
    option nolinger
listen stats
    bind :9000
    bind :::9000 v6only
    http-request use-service prometheus-exporter if { path /metrics }
""")  # fmt: skip
    command("tc", "-n", server.name, "qdisc", "add", "dev", "to-client", "root", "tbf", "rate", "400kbit", "burst", "4000", "limit", "200000")
    with lab.record(client, server):
        done = web_common.curl(lab, client, "-H", "Connection: close", web_common.url(lab, server, 9000, "/metrics"))
        assert done.returncode == 56, done
