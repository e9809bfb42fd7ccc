"""Healthy: psql cancels a query, for which it opens a second connection that the server closes without an answer.

Ctrl-C makes libpq connect once more, send 16 bytes, and wait for the end of the stream. The first connection goes on and gets its error message. That is how the
protocol does it, also for statement timeouts of drivers. Recorded on both hosts.
"""

import signal

import db_common
import programs

SOURCE = "PostgreSQL documentation, 'Canceling Requests in Progress'; lib/pq #584"
NEEDS = ("psql", "postgres")
LIMIT = 90
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("app", "db")
    db_common.start_postgres(lab, server)
    busy = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
    with lab.record(client, server):
        for number in range(2):
            session = programs.start(lab, client, *db_common.psql_words(lab, server), "-c", "select pg_sleep(30)", name=f"psql{number}")
            db_common.await_true(lambda: db_common.psql(lab, server, server, "-c", busy).stdout.strip() == "1", 15, "the query runs")
            session.send_signal(signal.SIGINT)
            session.wait(15)
            assert "canceling statement" in db_common.log_of(lab, f"psql{number}")
