"""A client dies in the midst of a large COPY; the server logs "could not send data to client: Connection reset by peer".

psql writes the table into a pipe whose reader ends after one line. SIGPIPE ends psql with unread data in its socket, so its kernel sends RST to the server
that is still sending. Recorded on the server, where it looks like the network's fault.
"""

import db_common
import programs
from judge import expected

SOURCE = "psycopg/psycopg2 #1717, linkwarden/linkwarden #536, fossology/fossology #2835 (could not receive or send data: Connection reset by peer)"
NEEDS = ("psql", "postgres")
LIMIT = 90
RIGHT = [expected("reset-received", ("peer-application", "peer-host"), at_most="likely", mentions=["postgres"])]
ACCEPTABLE = [[expected("reset-received", "unknown", at_most="likely")]]


def scenario(lab):
    client, server = lab.pair("app", "db")
    db_common.start_postgres(lab, server)
    words = " ".join(f"'{word}'" for word in db_common.psql_words(lab, server))
    command = f"{words} -c \"copy (select repeat('x', 200) from generate_series(1, 2000000)) to stdout\" | head -1"
    with lab.record(server):
        assert programs.run(lab, client, "sh", "-c", command).stdout.startswith("xxx")
        db_common.await_true(lambda: "could not send data to client" in db_common.log_of(lab, "postgres"), 15, "the server's log")
