"""psql ends with "server closed the connection unexpectedly": the proxy before the database gets no answer to its SYNs and gives up.

haproxy ends such an attempt with SO_LINGER 0, so that the socket notes a reset that no one sent. The database's host drops what is not allowed. Only the
proxy is recorded.
"""

import programs
import web_common
from judge import expected

SOURCE = "haproxy's configuration manual, 'timeout connect' and 'retries'; haproxy/haproxy #3029 on SO_LINGER"
NEEDS = ("haproxy", "psql")
RIGHT = [expected("connect-timeout", ("path", "peer-host", "unknown"), at_most="likely", mentions=["haproxy"])]
ACCEPTABLE = []


def scenario(lab):
    client, proxy, server = lab.chain("app", "proxy", "db")
    server.nft("table inet f { chain i { type filter hook input priority 0; tcp dport 5432 drop\n}\n}")
    web_common.haproxy(lab, proxy, 5432, f"""
listen db
    mode tcp
    timeout connect 1s
    retries 1
    bind :5432
    bind :::5432 v6only
    server one {lab.address(server)}:5432
""")  # fmt: skip
    with lab.record(proxy):
        done = programs.run(lab, client, "psql", f"host={lab.address(proxy)} user=app dbname=app", "-c", "select 1")
        assert "closed the connection unexpectedly" in done.stderr, done
