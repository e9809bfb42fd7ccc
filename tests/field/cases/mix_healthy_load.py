"""Healthy: a client, haproxy with two nginx behind it and health checks, redis and postgres, all at once, for MIXED_LOAD_SECONDS (20).

Every request is answered. Connections are kept, closed after one request, and pooled; the checks of haproxy open and close, or open and reset. Recorded
on all three hosts: nothing may be found. Run it for longer with MIXED_LOAD_SECONDS=1800.
"""

import os
import time

import db_common
import programs
import traffic
import web_common

SOURCE = "the usual servers and their health checks, side by side"
NEEDS = ("nginx", "haproxy", "redis-server", "postgres", "curl")
SECONDS = int(os.environ.get("MIXED_LOAD_SECONDS", "20"))
LIMIT = 90 + SECONDS * 3 // 2  # the report of a long one takes its time
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, proxy, server = lab.chain("client", "proxy", "server")
    for port in (8081, 8082):
        web_common.nginx(lab, server, port, f"{web_common.listen(port)} location / {{ return 200 hello; }}", name=f"nginx{port}")
    backend = web_common.bracketed(lab.address(server))
    web_common.haproxy(
        lab, proxy, 8080,
        f"frontend f\n  bind :::8080 v4v6\n  default_backend b\nbackend b\n  option httpchk GET /\n  server one {backend}:8081 check inter 500\n"
        f"  server two {backend}:8082 check inter 700\nbackend tcp_checked\n  mode tcp\n  server three {backend}:8081 check inter 900\n",
    )  # fmt: skip
    db_common.start_redis(lab, server)
    db_common.start_postgres(lab, server)
    end = time.monotonic()

    def kept():
        connection = traffic.connect(lab.address(server), 6379)
        while time.monotonic() < end:
            db_common.redis_send(connection, "PING")
            assert b"PONG" in connection.recv(100)
            time.sleep(0.05)
        connection.close()

    def fresh():
        while time.monotonic() < end:
            connection = traffic.connect(lab.address(server), 6379)
            db_common.redis_send(connection, "PING")
            assert b"PONG" in connection.recv(100)
            connection.close()
            time.sleep(0.02)

    with lab.record(client, proxy, server):
        end = time.monotonic() + SECONDS
        others = [client.begin(kept), client.begin(fresh)]
        while time.monotonic() < end:
            assert web_common.curl(lab, client, "-m", "10", web_common.url(lab, proxy, 8080)).returncode == 0
            assert web_common.curl(lab, client, "-m", "10", *[web_common.url(lab, proxy, 8080)] * 5).returncode == 0
            assert db_common.psql(lab, client, server, "-c", "select 1").returncode == 0
        for each in others:
            each.await_step()
