"""A client's machine is gone without a word; Redis finds out by its tcp-keepalive probes.

The application's host lost its network while the connection was idle. Redis probes (tcp-keepalive, here 1 s), gets no answer, and drops the client: "Reading
from client: Connection timed out". Recorded at Redis.
"""

import db_common
import traffic
from judge import expected

SOURCE = "redis/redis #1742 (dead clients stay), redis.conf on tcp-keepalive; psycopg/psycopg2 #1717 (could not receive data from client: Connection timed out)"
NEEDS = ("redis-server",)
RIGHT = [expected("keepalive-timeout", ("path", "peer-host"), at_most="likely", mentions=["redis-server"])]
ACCEPTABLE = [[expected("keepalive-timeout", "unknown", at_most="likely")]]


def scenario(lab):
    client, mid, server = lab.chain("app", "mid", "cache")
    db_common.start_redis(lab, server, "--tcp-keepalive", "1")

    def idle():
        connection = traffic.connect(lab.address(server), 6379)
        assert b"PONG" in db_common.redis_ask(connection, "PING")
        yield
        connection.close()

    with lab.record(server):
        app = client.start(idle)
        mid.nft("table inet t { chain f { type filter hook forward priority 0; drop\n}\n}")
        db_common.await_true(lambda: not db_common.sockets(server, "state", "established", "sport = :6379"), 20, "Redis drops the client")
    app.finish()
    assert "timed out" in db_common.log_of(lab, "redis").lower()
