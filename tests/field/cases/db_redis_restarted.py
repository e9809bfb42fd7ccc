"""Redis is restarted; its clients lose their connections and are refused until it listens again.

SHUTDOWN closes the listening socket and every client. For two seconds each reconnect ends with ECONNREFUSED; then the new process takes them. Recorded on both
hosts.
"""

import signal
import time

import db_common
import traffic
from judge import expected

SOURCE = "redis/node-redis #905, redis/ioredis #167 (ECONNREFUSED while the server restarts); db-art/mysql-statsd #42 (reconnect delay while MySQL restarts)"
NEEDS = ("redis-server",)
RIGHT = [expected("listener-gone", "local-application", at_least="likely", mentions=["redis-server"])]
ACCEPTABLE = []
BESIDE = [expected("endpoint-down"), expected("endpoint-up")]


def scenario(lab):
    client, server = lab.pair("app", "cache")
    redis = db_common.start_redis(lab, server)

    def worker():
        connection = traffic.connect(lab.address(server), 6379)
        assert b"PONG" in db_common.redis_ask(connection, "PING")
        yield
        assert connection.recv(100) == b""
        connection.close()
        refused = 0
        while traffic.connect_error(lab.address(server), 6379):
            refused += 1
            time.sleep(0.3)
        yield refused

    with lab.record(client, server):
        app = client.start(worker)
        redis.send_signal(signal.SIGTERM)
        redis.wait(10)
        app.go()
        time.sleep(2)  # how long the restart takes
        db_common.start_redis(lab, server, name="redis-again")
        assert app.await_step() > 2
        app.finish()
