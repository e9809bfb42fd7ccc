"""Redis listens on its loopback address only, so every other host gets "Connection refused".

The default configuration binds 127.0.0.1 and ::1. The service runs and answers locally; a client elsewhere reaches the host, but no socket there listens on
the address that it asked.
"""

import db_common
import programs
import traffic
from judge import expected

SOURCE = "redis/redis-rb #574, redis/redis #4088, redis/docker-library-redis #102; Stack Overflow, 'Redis connection refused from remote'"
NEEDS = ("redis-server", "redis-cli")
RIGHT = [expected("connect-refused", ("local-configuration", "peer-host", "peer-application"), at_least="likely", mentions=["redis-server"])]
ACCEPTABLE = [[expected("connect-refused", ("local-configuration", "peer-host", "peer-application"))]]


def scenario(lab):
    client, server = lab.pair("app", "cache")
    loopback = traffic.LOOPBACK[lab.family]
    db_common.start_redis(lab, server, "--bind", loopback)
    assert "PONG" in programs.run(lab, server, "redis-cli", "-h", loopback, "PING").stdout
    with lab.record(client, server):
        for _ in range(2):
            done = programs.run(lab, client, "redis-cli", "-h", lab.address(server), "PING")
            assert "refused" in (done.stdout + done.stderr).lower(), done
