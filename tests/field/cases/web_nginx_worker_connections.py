"""nginx has no worker_connections left: it accepts each further connection and closes it at once, and the clients see resets.

'worker_connections are not enough' stands in the error log. The kernel completes the handshake and nginx closes the socket before it reads, so the
request meets a closed socket. Only the server is recorded.
"""

import processes
import traffic
import web_common
from judge import expected
from namespaces import command

SOURCE = "kinecosystem/blockchain-ops pull 49 (RSTs to the ELB); apache/incubator-pagespeed-ngx #33; nginx-proxy/nginx-proxy #1149"
NEEDS = ("nginx", "curl")
RIGHT = [expected("reset-sent", "local-application", mentions=["nginx"])]
ACCEPTABLE = []


def unread(host):
    """Of each open connection to nginx, how much it has not read."""
    lines = command("ip", "netns", "exec", host.name, "ss", "-Htn", "state", "established", "sport = :8080").splitlines()
    return [line.split()[0] for line in lines]


def scenario(lab):
    client, server = lab.pair()
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} return 200;", events="worker_connections 8;")

    def visitors():
        connections = [traffic.connect(lab.address(server), 8080) for _ in range(5)]
        for connection in connections:
            connection.sendall(b"GET /slow HTTP/1.1\r\n")  # a request under way: nginx cannot reuse its connection
        yield
        yield
        for connection in connections:
            connection.close()

    with lab.record(server):
        client.start(visitors)
        web_common.until(lambda: unread(server) == ["0"] * 5)
        codes = [web_common.curl(lab, client, web_common.url(lab, server, 8080)) for _ in range(4)]
    processes.end_all()
    assert "worker_connections are not enough" in open(lab.file("nginx.error.log")).read()
    assert any(code.returncode in (52, 55, 56) for code in codes), codes
