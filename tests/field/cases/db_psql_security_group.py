"""The database's security group does not let the application's network in: psql waits until the kernel gives up, "Connection timed out".

Cloud firewalls drop without an answer. libpq has no connect_timeout by default, so the kernel's tcp_syn_retries decide (2 here). Recorded on the client.
"""

import db_common
from judge import expected

SOURCE = "AWS documentation, 'Can't connect to Amazon RDS DB instance'; psql: could not connect to server: Connection timed out"
NEEDS = ("psql", "postgres")
LIMIT = 90
RIGHT = [expected("connect-timeout", ("path", "peer-host"), at_most="likely", mentions=["psql"])]
ACCEPTABLE = [[expected("connect-timeout", "unknown", at_most="likely", mentions=["psql"])]]


def scenario(lab):
    client, mid, server = lab.chain("app", "vpc", "db")
    client.sysctl(tcp_syn_retries=2)
    db_common.start_postgres(lab, server)
    mid.nft("table inet t { chain f { type filter hook forward priority 0; tcp dport 5432 drop\n}\n}")
    with lab.record(client):
        done = db_common.psql(lab, client, server, "-c", "select 1")
        assert "timed out" in done.stderr, done
