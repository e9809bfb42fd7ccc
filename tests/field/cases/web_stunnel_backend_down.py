"""TLS clients are reset right after their handshake: what stunnel forwards to is not there.

stunnel finishes the handshake, is refused by the backend's host, and resets its client. stunnel's host and the backend's are recorded.
"""

import programs
import web_common
from judge import expected

SOURCE = "stunnel's manual (`connect`, `reset`): s_connect ... Connection refused (111), then a reset to the client"
NEEDS = ("stunnel4", "curl", "openssl")
RIGHT = [expected("connect-refused", "local-configuration", at_least="likely", mentions=["stunnel"])]
ACCEPTABLE = [[expected("connect-refused", "local-configuration"), expected("reset-sent", "local-application", mentions=["stunnel"])]]


def scenario(lab):
    client, proxy, server = lab.chain("client", "proxy", "backend")
    web_common.certificate(lab)
    accept = "0.0.0.0:8443" if lab.family == 4 else ":::8443"
    config = programs.write(lab, "stunnel.conf", f"""
foreground = yes
pid =
[web]
accept = {accept}
connect = {lab.address(server)}:80
cert = {lab.file("both.pem")}
""")  # fmt: skip
    programs.start(lab, proxy, "stunnel4", config, listens=8443)
    with lab.record(proxy, server):
        for _ in range(2):
            assert web_common.curl(lab, client, "-k", web_common.url(lab, proxy, 8443, "/", "https")).returncode in (35, 52, 56)
