"""A slow command blocks single-threaded Redis; new clients fill its listen queue, and the next ones time out in connect().

Redis runs one command at a time. While it sits in one (a long script, KEYS on millions, here DEBUG SLEEP), nobody calls accept(). The kernel completes
handshakes until the backlog is full, then drops SYNs.
"""

import errno
import time

import db_common
import traffic
from judge import expected

SOURCE = "redis/redis #872 (slow EVAL), redis/redis-rb #243; Redis documentation on latency by slow commands and on tcp-backlog"
NEEDS = ("redis-server",)
RIGHT = [expected(("accept-queue-overflow", "hung-service"), "local-application", at_least="likely", mentions=["redis-server"])]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("app", "cache")
    client.sysctl(tcp_syn_retries=2)
    db_common.start_redis(lab, server, "--tcp-backlog", "2", "--enable-debug-command", "yes")

    def script():
        connection = traffic.connect(lab.address(server), 6379)
        assert b"PONG" in db_common.redis_ask(connection, "PING")
        db_common.redis_send(connection, "DEBUG", "SLEEP", "8")
        yield
        assert b"OK" in connection.recv(100)
        connection.close()

    def worker():
        waiting = [traffic.connect(lab.address(server), 6379) for _ in range(3)]
        for connection in waiting:
            db_common.redis_send(connection, "PING")
        yield traffic.connect_error(lab.address(server), 6379)
        for connection in waiting:
            assert b"PONG" in connection.recv(100)
            connection.close()

    with lab.record(server):
        slow = client.start(script)
        time.sleep(0.3)  # until Redis has read the command; nothing outside shows it
        app = client.begin(worker)
        assert app.await_step() == errno.ETIMEDOUT
        slow.finish()
        app.finish()
