"""nginx answers 502 under load: 'connect() failed (99: Cannot assign requested address) while connecting to upstream'.

Each request takes a connection of its own to the one upstream, and the range of local ports is small. While all of them are in use, connect()
fails before anything is sent. Only the proxy is recorded.
"""

import programs
import web_common
from judge import expected

SOURCE = "openstreetmap/operations #335: nginx and ephemeral socket exhaustion; engintron/engintron #938; VaultaFoundation/evm-contract #512"
NEEDS = ("nginx", "node", "curl")
RIGHT = [expected("port-exhaustion", "local-configuration", at_least="likely", mentions=["nginx"])]
ACCEPTABLE = []

UPSTREAM = """
require('http').createServer((request, answer) => { setTimeout(() => answer.end('hello\\n'), 1500); }).listen(8000, '::');
"""


def scenario(lab):
    client, proxy, upstream = lab.chain("client", "proxy", "upstream")
    web_common.node(lab, upstream, 8000, UPSTREAM)
    proxy.sysctl(ip_local_port_range="40000 40005")
    upstream_url = f"http://{web_common.bracketed(lab.address(upstream))}:8000"
    web_common.nginx(lab, proxy, 8080, f"{web_common.listen(8080)} location / {{ proxy_pass {upstream_url}; }}")
    urls = [word for number in range(10) for word in ("-o", "/dev/null", web_common.url(lab, proxy, 8080, f"/{number}"))]
    with lab.record(proxy):
        codes = programs.run(lab, client, "curl", "-s", "-Z", "-w", "%{http_code} ", *urls).stdout.split()
    assert codes.count("502") >= 3 and "200" in codes, codes
