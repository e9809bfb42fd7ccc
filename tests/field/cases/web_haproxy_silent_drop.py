"""haproxy drops a connection silently (silent-drop), and the client waits for an answer until its own timeout.

haproxy takes the socket away without a FIN or a RST (TCP_REPAIR), so that the client believes the connection to be open. When it gives up and
closes, its FIN meets no socket any more. Both hosts are recorded: it was haproxy, by its own rule.
"""

import web_common
from judge import expected

SOURCE = "haproxy/haproxy #1203 (silent-drop) and the configuration manual on http-request silent-drop"
NEEDS = ("haproxy", "curl")
RIGHT = [expected(("server-silent", "hung-service", "reset-sent"), ("local-application", "peer-application"), mentions=["haproxy"])]
ACCEPTABLE = [
    [expected("unexplained", "unknown")],
    [expected("server-silent", "peer-application", at_most="likely")],
]


def scenario(lab):
    client, server = lab.pair()
    web_common.haproxy(lab, server, 8080, """
frontend web
    bind :8080
    bind :::8080 v6only
    http-request silent-drop if { path_beg /admin }
    http-request return status 200
""")  # fmt: skip
    with lab.record(client, server):
        assert web_common.curl(lab, client, web_common.url(lab, server, 8080)).stdout == "200"
        assert web_common.curl(lab, client, "-m", "6", web_common.url(lab, server, 8080, "/admin")).returncode == 28
