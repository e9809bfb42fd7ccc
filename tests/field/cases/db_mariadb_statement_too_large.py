"""A large INSERT ends with "server has gone away": it is larger than max_allowed_packet.

The server stops reading, and closes with the rest unread: a RST meets the client in the midst of sending. Both ends are recorded.
"""

import db_common
import programs
from judge import expected

SOURCE = "PyMySQL/PyMySQL #580, mysqljs/mysql #2021"
NEEDS = ("mariadbd", "mariadb-install-db", "mariadb")
LIMIT = 120
RIGHT = [expected("reset-sent", "local-application", at_least="likely", mentions=["mariadbd", "unread"])]
ACCEPTABLE = [[expected(("reset-sent", "reset-received"), ("local-application", "peer-application", "peer-host"), mentions=["mariadb"])]]


def scenario(lab):
    client, server = lab.pair("app", "db")
    db_common.start_mariadb(lab, server, "--max-allowed-packet=1M", "--skip-name-resolve")
    statement = programs.write(lab, "large.sql", f"select length('{'x' * 12_000_000}');\n")
    with lab.record(client, server):
        words = "--no-defaults", "--max-allowed-packet=64M", "-h", lab.address(server), "-u", "app", "-e", f"source {statement}"
        done = programs.run(lab, client, "mariadb", *words)
        assert "gone away" in done.stderr or "Lost connection" in done.stderr, done.stderr[-300:]
