"""The database's host lets each client have only so many connections; its firewall refuses the rest with a RST.

Redis listens and would take them. A connlimit rule (here more than two) answers further SYNs with "connection refused", so the pool's third connection fails
while the first two work. Recorded on both hosts.
"""

import errno

import db_common
import traffic
from judge import expected

SOURCE = "Server Fault 755992 (connlimit with --reject-with tcp-reset); iptables-extensions on connlimit"
NEEDS = ("redis-server",)
RIGHT = [expected(("local-drop", "connect-refused", "interposer"), "local-firewall", at_least="likely", mentions=["ct count over 2"])]
ACCEPTABLE = [[expected(("local-drop", "connect-refused", "interposer"), "local-firewall")]]


def scenario(lab):
    client, server = lab.pair("app", "cache")
    db_common.start_redis(lab, server)
    server.nft("""
        table inet t {
          chain i {
            type filter hook input priority 0;
            tcp dport 22 drop
            tcp dport 6379 ct state new ct count over 2 reject with tcp reset
          }
        }
    """)

    def pool():
        connections = [traffic.connect(lab.address(server), 6379) for _ in range(2)]
        for connection in connections:
            assert b"PONG" in db_common.redis_ask(connection, "PING")
        yield [traffic.connect_error(lab.address(server), 6379) for _ in range(3)]
        for connection in connections:
            connection.close()

    with lab.record(client, server):
        app = client.begin(pool)
        assert app.await_step() == [errno.ECONNREFUSED] * 3
        app.finish()
