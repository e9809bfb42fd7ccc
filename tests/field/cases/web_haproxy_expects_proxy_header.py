"""A client reaches a haproxy port that expects the PROXY protocol, without one: its connection is reset.

haproxy peeks at the first bytes, finds no PROXY header, and closes the connection with the request unread, which Linux turns into a RST.
"""

import web_common
from judge import expected

SOURCE = "haproxytech/kubernetes-ingress #616 and #550: 'Received something which does not look like a PROXY protocol header', connections reset"
NEEDS = ("haproxy", "curl")
RIGHT = [expected("reset-sent", "local-application", mentions=["haproxy", "unread"])]
ACCEPTABLE = [[expected("reset-sent", "local-application", mentions=["haproxy"])]]


def scenario(lab):
    client, server = lab.pair()
    web_common.haproxy(lab, server, 8080, """
frontend web
    bind :8080 accept-proxy
    bind :::8080 v6only accept-proxy
    http-request return status 200
""")  # fmt: skip
    with lab.record(server):
        for _ in range(3):
            assert web_common.curl(lab, client, web_common.url(lab, server, 8080)).returncode != 0
