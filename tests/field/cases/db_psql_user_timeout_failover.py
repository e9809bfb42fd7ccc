"""The database's host vanishes in the midst of a session; libpq gives the query up by tcp_user_timeout.

In a failover the old primary takes and answers nothing any more, and no RST or FIN comes. Without the option the query would hang for a quarter of an hour;
with tcp_user_timeout=3000 the kernel ends the connection three seconds after the data that nobody acknowledged. Recorded on the client.
"""

import os

import db_common
import programs
from judge import expected

SOURCE = "psycopg/psycopg2 #985, psycopg/psycopg2 #1017, pgbouncer/pgbouncer #138; libpq's tcp_user_timeout"
NEEDS = ("psql", "postgres")
LIMIT = 90
RIGHT = [expected("user-timeout", ("path", "peer-host"), at_most="likely", mentions=["psql"])]
ACCEPTABLE = [[expected("user-timeout", "unknown", at_most="likely")]]


def scenario(lab):
    client, mid, server = lab.chain("app", "mid", "db")
    db_common.start_postgres(lab, server)
    ready, go = lab.file("ready"), lab.file("go")
    script = programs.write(lab, "session.sql", f"select 1;\n\\! touch {ready}\n\\! while [ ! -e {go} ]; do sleep 0.05; done\nselect 2;\n")
    with lab.record(client):
        session = programs.start(lab, client, *db_common.psql_words(lab, server, "tcp_user_timeout=3000"), "-f", script, name="psql")
        db_common.await_true(lambda: os.path.exists(ready), 15, "the first query")
        mid.nft("table inet t { chain f { type filter hook forward priority 0; drop\n}\n}")
        db_common.touch(go)
        session.wait(30)
    assert "timed out" in db_common.log_of(lab, "psql").lower(), db_common.log_of(lab, "psql")
