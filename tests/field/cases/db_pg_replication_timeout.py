"""A standby's receiver hangs; the primary drops it: "terminating walsender process due to replication timeout".

The receiving process stands still (paused VM, stuck disk; here SIGSTOP) while its kernel goes on acknowledging. It answers no status request, so after
wal_sender_timeout the primary closes the link. When the receiver runs on, what it writes meets a closed socket. Recorded on both hosts.
"""

import os
import signal

import db_common
import programs
from judge import expected

SOURCE = "Trendyol/go-pq-cdc #20, zalando/postgres-operator #2151 (terminating walsender process due to replication timeout)"
NEEDS = ("postgres",)
LIMIT = 90
# The link was ended by the primary, and what came late was reset; the cause is the receiver that stood still.
RIGHT = [
    expected(("reset-sent", "reset-received", "server-silent", "hung-service", "unexplained"), ("local-application", "peer-application"), mentions=["pg_receivewal"])
]
ACCEPTABLE = [[expected(("reset-sent", "reset-received", "unexplained"), ("local-application", "peer-application", "unknown"))]]


def scenario(lab):
    standby, primary = lab.pair("standby", "primary")
    db_common.start_postgres(lab, primary, "wal_sender_timeout=2s", "wal_level=replica")
    folder = lab.file("wal")
    os.makedirs(folder)
    words = "-h", lab.address(primary), "-U", "postgres", "-D", folder, "-n", "-s", "1", "--no-password"
    count = "select count(*) from pg_stat_replication where state = 'streaming'"
    with lab.record(standby, primary, options=("--port", "5432")):
        receiver = programs.start(lab, standby, db_common.postgres_program("pg_receivewal"), *words, name="receiver")
        db_common.await_true(lambda: db_common.psql(lab, primary, primary, "-c", count).stdout.strip() == "1", 15, "it streams")
        receiver.send_signal(signal.SIGSTOP)
        db_common.await_true(lambda: "due to replication timeout" in db_common.log_of(lab, "postgres"), 20, "the walsender's end")
        receiver.send_signal(signal.SIGCONT)
        receiver.wait(15)
