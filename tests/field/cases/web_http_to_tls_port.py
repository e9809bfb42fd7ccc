"""A client uploads over plain HTTP to haproxy's TLS port and gets a reset.

The first bytes are no ClientHello, so haproxy gives the connection up with the rest of the upload unread. Nothing is wrong with the network: the
client uses the wrong scheme. Both hosts are recorded.
"""

import web_common
from judge import expected

SOURCE = "haproxy/haproxy #444 (plain requests to a port with ssl) and #2583 on what 'SSL handshake failure' may mean"
NEEDS = ("haproxy", "curl", "openssl")
RIGHT = [expected("reset-sent", "local-application", mentions=["haproxy", "unread"])]
ACCEPTABLE = [[expected("reset-sent", "local-application", mentions=["haproxy"])]]


def scenario(lab):
    client, server = lab.pair()
    web_common.certificate(lab)
    web_common.haproxy(lab, server, 8443, f"""
frontend web
    bind :8443 ssl crt {lab.file('both.pem')}
    bind :::8443 v6only ssl crt {lab.file('both.pem')}
    http-request return status 200
""")  # fmt: skip
    with lab.record(client, server):
        upload = ("-H", "Expect:", "--data-binary", "@-", web_common.url(lab, server, 8443))
        done = web_common.curl(lab, client, *upload, input="x" * 300000)
        assert done.returncode in (52, 55, 56), done
