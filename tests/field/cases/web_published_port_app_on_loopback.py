"""A published port resets every request: the container runtime's proxy accepts, but the application in the container listens on 127.0.0.1 only.

The proxy's own connect is refused, so that it closes the client's connection with the request unread. socat stands for the proxy. Proxy and container are
recorded.
"""

import net_common as net
import programs
import traffic
import web_common
from judge import expected

SOURCE = "thelounge/thelounge-docker #194, docker-library/python #95"
NEEDS = ("socat", "curl")
RIGHT = [expected("connect-refused", "local-configuration", at_least="likely", mentions=["socat", "listens on that port"])]
ACCEPTABLE = [
    [
        expected("connect-refused", "local-configuration", mentions=["socat"]),
        expected("reset-sent", "local-application", mentions=["socat"]),
    ],
    [expected("connect-refused", "local-configuration", mentions=["socat"])],
]


def scenario(lab):
    client, proxy, container = lab.chain("client", "proxy", "container")

    def application():
        listener = traffic.listen(80, lab.family, address=traffic.LOOPBACK[lab.family])
        yield
        listener.close()

    program = container.start(application, name="thelounge")
    kind = "TCP" if lab.family == 4 else "TCP6"
    programs.start(lab, proxy, "socat", f"{kind}-LISTEN:8080,fork,reuseaddr", f"{kind}:{net.bracketed(lab.address(container))}:80", listens=8080)
    with lab.record(proxy, container):
        for _ in range(3):
            assert web_common.curl(lab, client, web_common.url(lab, proxy, 8080)).returncode in (52, 56)
    program.finish()
