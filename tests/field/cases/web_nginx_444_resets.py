"""A scanner's request to nginx's default server ends with 'Connection reset by peer': the site answers such requests with 444.

nginx closes without an answer (return 444), and reset_timedout_connection makes it a RST. Only the client is recorded: from there it is the peer
that reset, right after the request; a device in the peer's name cannot be excluded.
"""

import web_common
from judge import expected

SOURCE = "envoyproxy/envoy #14974: what nginx's 444 looks like to curl; NginxProxyManager/nginx-proxy-manager #622"
NEEDS = ("nginx", "curl")
RIGHT = [expected("reset-received", ("peer-application", "peer-host"), at_most="likely", mentions=["curl"])]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair()
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080, 'default_server')} reset_timedout_connection on; return 444;")
    with lab.record(client):
        assert web_common.curl(lab, client, web_common.url(lab, server, 8080, "/wp-login.php")).returncode == 56
