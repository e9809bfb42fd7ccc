"""Healthy: workers wait for jobs with BLPOP; the server does not answer for 8 s, because there is nothing to answer.

A blocking pop is a long poll. Its request is acknowledged at once and answered when a job comes or the command's own timeout is over. Recorded on both hosts with
all segments.
"""

import time

import db_common
import programs
import traffic

SOURCE = "Redis documentation on BLPOP; the waiting pattern of Sidekiq, Resque and Celery"
NEEDS = ("redis-server", "redis-cli")
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("worker", "cache")
    db_common.start_redis(lab, server)

    def producer():
        connection = traffic.connect(lab.address(server), 6379)
        time.sleep(6.5)
        db_common.redis_ask(connection, "LPUSH", "jobs", "one")
        connection.close()

    with lab.record(client, server, options=("--port", "6379", "--segments")):
        other = client.begin(producer)
        assert "one" in programs.run(lab, client, "redis-cli", "-h", lab.address(server), "BLPOP", "jobs", "20").stdout
        other.await_step()
        assert programs.run(lab, client, "redis-cli", "-h", lab.address(server), "BLPOP", "jobs", "6").returncode == 0
