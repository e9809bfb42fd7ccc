"""A Pub/Sub subscriber stops reading; its window closes, and Redis drops it over client-output-buffer-limit.

The subscriber is busy with one message for seconds. What Redis publishes fills the subscriber's receive buffer and Redis's own output buffer, until Redis
closes the client ("overcoming of output buffer limits"). The subscriber sees an end of stream in the middle of a message. Recorded at Redis only.
"""

import time

import db_common
import traffic
from judge import expected

SOURCE = "redis/redis #91, redis/redis #3893, redis/redis-py #1261, redis/jedis #467"
NEEDS = ("redis-server",)
# That the window closed shows at Redis; which process did not read there, only the other host knows.
RIGHT = [expected("zero-window-stall", "peer-application", at_most="likely", mentions=["redis-server"])]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("app", "cache")
    db_common.start_redis(lab, server, "--client-output-buffer-limit", "pubsub 8mb 4mb 60")

    def subscriber():
        connection = traffic.connect(lab.address(server), 6379)
        db_common.redis_send(connection, "SUBSCRIBE", "news")
        connection.recv(100)
        yield
        time.sleep(7)  # busy with the message
        size = 0
        while data := connection.recv(1 << 20):
            size += len(data)
        connection.close()
        yield size

    def publisher():
        connection = traffic.connect(lab.address(server), 6379)
        for _ in range(40):
            db_common.redis_ask(connection, "PUBLISH", "news", b"x" * (1 << 20))
        connection.close()

    with lab.record(server):
        reader = client.start(subscriber)
        reader.go()
        server.run(publisher)
        assert reader.await_step() < 40 << 20
        reader.finish()
    assert "output buffer limits" in db_common.log_of(lab, "redis")
