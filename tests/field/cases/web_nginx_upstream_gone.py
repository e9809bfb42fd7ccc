"""nginx logs 'connect() failed (113: No route to host) while connecting to upstream': the container behind that address is gone.

The upstream's address belongs to the proxy's own network, and nobody has it any more, so the neighbour lookup stays without an answer. The visitor gets
502 after some seconds. Only the proxy is recorded.
"""

import web_common
from judge import expected

SOURCE = "kubernetes/ingress-nginx #759, #5715 and #8081: connect() failed (113: No route to host) after a pod was deleted"
NEEDS = ("nginx", "curl")
RIGHT = [expected("host-unreachable", ("path", "peer-host", "local-configuration"), mentions=["nginx"])]
ACCEPTABLE = []


def scenario(lab):
    client, proxy, _ = lab.chain("client", "proxy", "node")
    gone = "10.77.2.99" if lab.family == 4 else "[fd77:2::99]"
    web_common.nginx(lab, proxy, 8080, f"{web_common.listen(8080)} location / {{ proxy_pass http://{gone}:8000; proxy_connect_timeout 20s; }}")
    with lab.record(proxy):
        assert web_common.curl(lab, client, web_common.url(lab, proxy, 8080)).stdout == "502"
