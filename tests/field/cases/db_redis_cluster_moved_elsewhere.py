"""A cluster node redirects its client to an address that exists only inside the cluster's own network: ENETUNREACH.

Redis in containers announces its internal addresses. The first connection works; the answer is MOVED to 172.30.0.2, to which the client's host has no route.
Recorded on the client.
"""

import programs
import traffic
from judge import expected

SOURCE = "redis/node-redis #2815 (ENETUNREACH), redis/redis #2527, Grokzen/docker-redis-cluster #34"
NEEDS = ("redis-cli",)
INSIDE = {4: "172.30.0.2", 6: "fd30::2"}
RIGHT = [expected("no-route", "local-configuration", at_least="likely", mentions=["redis-cli"])]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("app", "cluster")

    def node():
        listener = traffic.listen(6379, lab.family)
        yield
        for _ in range(2):
            connection, _ = listener.accept()
            while data := connection.recv(1000):
                connection.sendall(f"-MOVED 12539 {INSIDE[lab.family]}:6379\r\n".encode() if b"get" in data.lower() else b"+OK\r\n")
            connection.close()

    cluster = server.start(node)
    with lab.record(client):
        cluster.go()
        for _ in range(2):
            done = programs.run(lab, client, "timeout", "10", "redis-cli", "-c", "-h", lab.address(server), "GET", "key")
            assert "unreachable" in (done.stdout + done.stderr).lower(), done
        cluster.await_step()
