"""Healthy: browsers go through Squid, with plain requests and with CONNECT tunnels, and every tunnel ends as the client likes it.

Squid keeps connections to servers in a pool and closes them when they have been idle. Nothing fails.
"""

import os

import programs
import web_common

SOURCE = "measurement-factory/squid pull 63 (CONNECT tunnels closed by the client); Squid's documentation on pconn_timeout"
NEEDS = ("squid", "nginx", "curl", "openssl")
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, proxy, server = lab.chain("client", "proxy", "server")
    cert, key = web_common.certificate(lab)
    web_common.nginx(lab, server, 8443, f"""
        {web_common.listen(8443, 'ssl')} {web_common.listen(8080)} ssl_certificate {cert}; ssl_certificate_key {key}; return 200 hello;
    """)  # fmt: skip
    config = programs.write(lab, "squid.conf", f"""
http_port 3128
acl tunnels port 8443
acl web port 8080
http_access allow tunnels
http_access allow web
http_access deny all
cache deny all
access_log none
cache_log {lab.file('squid.cache.log')}
pid_filename {lab.file('squid.pid')}
pconn_timeout 1 second
shutdown_lifetime 1 second
netdb_filename none
pinger_enable off
visible_hostname test
""")  # fmt: skip
    os.chmod(lab.folder, 0o777)
    programs.start(lab, proxy, "squid", "-N", "-f", config, listens=3128, wait=30)
    through = f"http://{web_common.bracketed(lab.address(proxy))}:3128"
    with lab.record(proxy, server):
        for _ in range(4):
            assert web_common.curl(lab, client, "-x", through, web_common.url(lab, server, 8080)).stdout == "200"
            assert web_common.curl(lab, client, "-k", "-x", through, web_common.url(lab, server, 8443, scheme="https")).stdout == "200"
        web_common.until(lambda: not web_common.open_connections(server, 8080))
