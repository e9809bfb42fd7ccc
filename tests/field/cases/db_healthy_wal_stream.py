"""Healthy: a WAL receiver streams for a while, mostly idle, and is stopped by Ctrl-C.

Nothing goes over the link but a keepalive now and then and some WAL. Recorded on both hosts with all segments.
"""

import os
import signal
import time

import db_common
import programs

SOURCE = "PostgreSQL documentation on pg_receivewal and streaming replication"
NEEDS = ("postgres", "psql")
LIMIT = 90
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    standby, primary = lab.pair("standby", "primary")
    db_common.start_postgres(lab, primary, "wal_level=replica", "wal_sender_timeout=8s")
    folder = lab.file("wal")
    os.makedirs(folder)
    words = "-h", lab.address(primary), "-U", "postgres", "-D", folder, "-n", "-s", "2", "--no-password"
    count = "select count(*) from pg_stat_replication where state = 'streaming'"
    with lab.record(standby, primary, options=("--port", "5432", "--segments")):
        receiver = programs.start(lab, standby, db_common.postgres_program("pg_receivewal"), *words, name="receiver")
        db_common.await_true(lambda: db_common.psql(lab, primary, primary, "-c", count).stdout.strip() == "1", 15, "it streams")
        db_common.psql(lab, primary, primary, "-c", "create table t as select generate_series(1, 10000)")
        time.sleep(7)  # idle
        receiver.send_signal(signal.SIGINT)
        assert receiver.wait(15) == 0
