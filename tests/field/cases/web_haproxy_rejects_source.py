"""Requests end with "connection reset by peer" at once: haproxy rejects the client's address by a rule of its own.

haproxy accepts and closes with SO_LINGER 0. The client tries again and again, at an even pace, as any program that retries. Only the client is recorded.
"""

import time

import web_common
from judge import expected

SOURCE = "haproxy's configuration manual, 'tcp-request connection reject'; haproxy/haproxy #3029 on SO_LINGER and RST"
NEEDS = ("haproxy", "curl")
RIGHT = [expected("reset-received", ("peer-application", "peer-host"), at_most="likely", mentions=["curl"])]
ACCEPTABLE = [[expected("reset-received", ("peer-application", "peer-host", "unknown", "path"), at_most="likely")]]


def scenario(lab):
    client, server = lab.pair()
    web_common.haproxy(lab, server, 8080, """
frontend web
    bind :8080
    bind :::8080 v6only
    tcp-request connection reject
""")  # fmt: skip
    with lab.record(client):
        for _ in range(4):
            assert web_common.curl(lab, client, web_common.url(lab, server, 8080)).returncode in (7, 52, 56)
            time.sleep(0.5)
