"""haproxy with 'usesrc clientip' never connects to its server: the server's answer goes past the proxy, straight to the client.

haproxy connects in the client's name. The server's way back to the client does not lead through the proxy (its default gateway is the router), so
the SYN-ACK reaches the real client, which knows no such connection and resets it. Recorded are the proxy and the server.
"""

import web_common
from judge import expected
from namespaces import connect_pair

SOURCE = "HAProxy's 'Howto transparent proxying and binding': the server must answer back to HAProxy and not to the client, otherwise it cannot work"
NEEDS = ("haproxy", "nginx", "curl")
RIGHT = [expected(("reset-forged", "connect-timeout", "handshake-incomplete"), ("path", "local-configuration"), mentions=["haproxy"])]
ACCEPTABLE = [[expected(("reset-forged", "connect-timeout", "handshake-incomplete", "reset-received"), ("path", "local-configuration"))]]


def scenario(lab):
    client, router, proxy, server = (lab.host(name) for name in ("client", "router", "proxy", "server"))
    for number, host in enumerate((client, proxy, server), 1):
        gateway = connect_pair(router, host, number)[0]
        host.ip(f"route add default via {gateway[4]}", f"route add default via {gateway[6]}")
    router.sysctl(ip_forward=1, ipv6__conf__all__forwarding=1)
    web_common.nginx(lab, server, 8000, f"{web_common.listen(8000)} return 200;")
    web_common.haproxy(lab, proxy, 8080, f"""
listen web
    bind :8080
    bind :::8080 v6only
    timeout connect 4s
    retries 0
    source {'0.0.0.0' if lab.family == 4 else '[::]'} usesrc clientip
    server web {web_common.bracketed(lab.address(server))}:8000
""")  # fmt: skip
    with lab.record(proxy, server):
        done = web_common.curl(lab, client, web_common.url(lab, proxy, 8080))
        assert done.stdout == "503", done
