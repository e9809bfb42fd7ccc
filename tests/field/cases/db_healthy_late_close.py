"""Healthy: a pool throws away connections that the server closed long ago, and a RST answers its FIN.

Redis closes idle clients (timeout 1). Its kernel forgets the half-closed socket after tcp_fin_timeout, here 1 s. When the pool's evictor closes its end later, the
FIN meets no socket any more and is answered by a RST, which nobody sees. Recorded on both hosts.
"""

import time

import db_common
import traffic

SOURCE = "apache/jmeter #6330 (CLOSE_WAIT until eviction), redis/redis-client #256; tcp(7) on tcp_fin_timeout"
NEEDS = ("redis-server",)
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("app", "cache")
    server.sysctl(tcp_fin_timeout=1)
    db_common.start_redis(lab, server, "--timeout", "1")

    def pool():
        connections = [traffic.connect(lab.address(server), 6379) for _ in range(3)]
        for connection in connections:
            assert b"PONG" in db_common.redis_ask(connection, "PING")
        yield
        for connection in connections:
            assert connection.recv(100) == b""
            connection.close()
            time.sleep(0.7)

    with lab.record(client, server):
        app = client.start(pool)
        db_common.await_true(lambda: len(db_common.sockets(client, "state", "close-wait", "dport = :6379")) == 3, 15, "Redis closes")
        db_common.await_true(lambda: not db_common.sockets(server, "state", "fin-wait-2"), 15, "the server's kernel forgets")
        app.finish()
