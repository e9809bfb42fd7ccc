"""Healthy: load tests. redis-benchmark with many clients, pgbench with a new connection for each transaction, a storm of reconnects.

All connects succeed, all is answered, and hundreds of connections come and go in a second. Recorded on both hosts.
"""

import db_common
import programs
import traffic

SOURCE = "redis-benchmark and pgbench -C as everybody runs them; the 'thundering herd' of reconnects in many reports"
NEEDS = ("redis-server", "redis-benchmark", "postgres", "psql")
LIMIT = 120
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("app", "db")
    db_common.start_redis(lab, server)
    db_common.start_postgres(lab, server)

    def herd():
        connections = [traffic.connect(lab.address(server), 6379) for _ in range(300)]
        for connection in connections:
            db_common.redis_send(connection, "PING")
        for connection in connections:
            assert b"PONG" in connection.recv(100)
            connection.close()

    pgbench = db_common.postgres_program("pgbench")
    words = "-h", lab.address(server), "-U", "postgres"
    assert programs.run(lab, client, pgbench, *words, "-i", "-s", "1", "-q", "postgres").returncode == 0
    with lab.record(client, server):
        benchmark = "-h", lab.address(server), "-c", "50", "-n", "5000", "-t", "set,get,lrange_100", "-q"
        assert programs.run(lab, client, "redis-benchmark", *benchmark).returncode == 0
        client.run(herd)
        assert programs.run(lab, client, pgbench, *words, "-n", "-S", "-C", "-c", "8", "-t", "15", "postgres").returncode == 0
