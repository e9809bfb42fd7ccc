"""A pooled MySQL connection sat idle longer than wait_timeout; the server ended it, and the pool's next query failed.

MariaDB ends a session that outlives wait_timeout; since 10.x it does so with SO_LINGER 0, so a RST and not a FIN reaches the client, which does not look at its
socket until it is used again: "server has gone away", "broken pipe", "invalid connection". Recorded on both hosts.
"""

import errno

import db_common
import traffic
from judge import expected

SOURCE = "go-sql-driver/mysql #446, amphp/mysql #77; MySQL manual, 'MySQL server has gone away'"
NEEDS = ("mariadbd", "mariadb-install-db")
LIMIT = 120
RIGHT = [expected("reset-sent", "local-application", at_least="likely", mentions=["mariadbd"])]
ACCEPTABLE = [[expected("reset-received", "peer-application", mentions=["mariadbd"])]]


def scenario(lab):
    client, server = lab.pair("app", "db")
    db_common.start_mariadb(lab, server, "--wait-timeout=2", "--skip-name-resolve")

    def pool():
        connection = db_common.mariadb_login(lab.address(server))
        db_common.mariadb_query(connection, "SELECT 1")
        connection.recv(1000)
        yield
        yield traffic.error_of(db_common.mariadb_query, connection, "SELECT 2")
        connection.close()

    with lab.record(client, server):
        app = client.start(pool)
        db_common.await_true(lambda: not db_common.sockets(client, "state", "established", "dport = :3306"), 15, "the server ends the session")
        assert app.step() in (errno.ECONNRESET, errno.EPIPE)
        app.finish()
