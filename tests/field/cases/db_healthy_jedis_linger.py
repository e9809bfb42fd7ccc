"""Healthy: Jedis closes its connections with SO_LINGER 0 after everything was answered, and Redis logs "Connection reset by peer".

The driver says QUIT, gets +OK, and closes with a RST so that no TIME_WAIT is left. Nothing is lost; only the server's verbose log mentions it. Recorded at Redis.
"""

import time

import db_common
import traffic

SOURCE = "redis/jedis #2252, redis/jedis #2251, redis/jedis #182"
NEEDS = ("redis-server",)
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("app", "cache")
    db_common.start_redis(lab, server)

    def jedis():
        for number in range(6):
            connection = traffic.connect(lab.address(server), 6379)
            assert b"PONG" in db_common.redis_ask(connection, "PING")
            time.sleep(0.15 * (number % 4))
            assert b"OK" in db_common.redis_ask(connection, "CLIENT", "SETNAME", f"jedis{number}")
            traffic.close_with_reset(connection)
            time.sleep(0.2 + 0.3 * (number % 3))

    with lab.record(server):
        client.run(jedis, name="java")
