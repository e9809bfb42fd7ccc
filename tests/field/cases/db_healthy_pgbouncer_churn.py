"""Healthy: pgbouncer opens and drops server connections as its pool breathes (server_idle_timeout, server_lifetime).

Clients come and go; pgbouncer keeps a server connection for a second, says goodbye with Terminate, and opens another one for the next client. Recorded on its host
and on the database's.
"""

import time

import db_common
import programs

SOURCE = "pgbouncer documentation on server_idle_timeout and server_lifetime; pgbouncer/pgbouncer #138"
NEEDS = ("psql", "postgres", "pgbouncer")
LIMIT = 90
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, proxy, server = lab.chain("app", "pooler", "db")
    db_common.start_postgres(lab, server)
    users = programs.write(lab, "users.txt", '"postgres" ""\n')
    configuration = programs.write(lab, "pgbouncer.ini", f"""
[databases]
* = host={lab.address(server)} port=5432
[pgbouncer]
listen_addr = *
listen_port = 6432
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
server_idle_timeout = 1
server_lifetime = 2
server_round_robin = 1
pidfile =
""")  # fmt: skip
    programs.start(lab, proxy, "pgbouncer", configuration, listens=6432, user="postgres")
    pooler = proxy.addresses[lab.family]
    words = "psql", "-X", "-A", "-t", f"host={pooler} port=6432 user=postgres dbname=postgres gssencmode=disable"
    with lab.record(proxy, server):
        for pause in (0.2, 1.8, 0.1, 2.2, 0.3, 1.2, 0.1):
            done = programs.run(lab, client, *words, "-c", "select 1")
            assert done.stdout.strip() == "1", done
            time.sleep(pause)
