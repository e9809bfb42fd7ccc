"""The cache node is rebooted without a FIN, and the client's writes are sent again and again until tcp_retries2 is used up.

With the default of 15 the client hangs for a quarter of an hour ("does not re-establish for 15 minutes"); here tcp_retries2 is 3. No keepalive helps, because
data is in flight. Recorded on the client.
"""

import errno

import db_common
import traffic
from judge import expected

SOURCE = "StackExchange/StackExchange.Redis #1848, redis/lettuce #2082, redis/redis-py #722"
NEEDS = ("redis-server",)
RIGHT = [expected("retransmission-timeout", ("path", "peer-host"), at_most="likely", mentions=["lettuce"])]
ACCEPTABLE = [[expected("retransmission-timeout", "unknown", at_most="likely")]]


def scenario(lab):
    client, mid, server = lab.chain("app", "mid", "cache")
    client.sysctl(tcp_retries2=3)
    db_common.start_redis(lab, server)

    def asking():
        connection = traffic.connect(lab.address(server), 6379)
        assert b"PONG" in db_common.redis_ask(connection, "PING")
        yield
        db_common.redis_send(connection, "GET", "key")
        yield traffic.error_of(connection.recv, 100)
        connection.close()

    with lab.record(client):
        app = client.start(asking, name="lettuce")
        mid.nft("table inet t { chain f { type filter hook forward priority 0; drop\n}\n}")
        assert app.step() == errno.ETIMEDOUT
        app.finish()
