"""Requests to Redis time out although connecting works: its container is paused.

The kernel accepts and acknowledges for the stopped process; nobody answers. Both ends are recorded.
"""

import signal

import db_common
import programs
from judge import expected

SOURCE = "opencontainers/runc #2585 (what becomes of connections while a container is paused)"
NEEDS = ("redis-server", "redis-cli", "timeout")
RIGHT = [expected(("hung-service", "server-silent"), "local-application", at_least="likely", mentions=["redis-server", "stopped"])]
ACCEPTABLE = [[expected(("hung-service", "server-silent"), ("local-application", "peer-application"), mentions=["redis-server"])]]


def scenario(lab):
    client, server = lab.pair("app", "cache")
    redis = db_common.start_redis(lab, server)
    with lab.record(client, server):
        assert "PONG" in programs.run(lab, client, "redis-cli", "-h", lab.address(server), "ping").stdout
        redis.send_signal(signal.SIGSTOP)
        for _ in range(2):
            assert programs.run(lab, client, "timeout", "3", "redis-cli", "-h", lab.address(server), "ping").returncode == 124
    redis.send_signal(signal.SIGCONT)
