"""Healthy for TCP: PostgreSQL has no place for another client and says so; the connection ends in order.

max_connections is used up. The server accepts, answers "sorry, too many clients already", and closes with FIN; the application's trouble is no network's, and no
connection was reset, refused or timed out. Recorded on both hosts.
"""

import db_common
import programs

SOURCE = "PostgreSQL documentation on max_connections; 'FATAL: sorry, too many clients already' (Stack Overflow 2757549)"
NEEDS = ("psql", "postgres")
LIMIT = 90
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("app", "db")
    db_common.start_postgres(lab, server, "max_connections=2", "superuser_reserved_connections=0", "max_wal_senders=0")
    established = lambda: len(db_common.sockets(client, "state", "established", "dport = :5432"))  # noqa: E731
    with lab.record(client, server):
        holders = [programs.start(lab, client, *db_common.psql_words(lab, server), "-c", "select pg_sleep(4)", name=f"psql{n}") for n in range(2)]
        db_common.await_true(lambda: established() == 2, 15, "both are connected")
        for _ in range(3):
            done = db_common.psql(lab, client, server, "-c", "select 1")
            assert "too many clients" in done.stderr, done
        for holder in holders:
            assert holder.wait(20) == 0
