"""MySQL looks up the client's name before it says hello, DNS does not answer, and the client gives up: "reading initial communication packet".

The server speaks first in this protocol. The connection is accepted at once, but its thread waits for a reverse lookup (two times 5 s) before it greets; the
client's connect_timeout (3 s) is shorter. Recorded on both ends.
"""

import db_common
import programs
from judge import expected

SOURCE = "'A defense against some MySQL connection problems' (blog.tigertech.net); 'How a DNS problem can put your Mysql server down' (bserban.org)"
NEEDS = ("mariadbd", "mariadb-install-db", "mariadb", "unshare")
LIMIT = 120
RIGHT = [expected(("server-silent", "hung-service", "unexplained"), ("peer-application", "local-application"), mentions=["mariadbd"])]
ACCEPTABLE = [[expected(("server-silent", "hung-service", "unexplained"), ("peer-application", "local-application", "unknown"), at_most="likely")]]


def scenario(lab):
    client, mid, server = lab.chain("app", "mid", "db")
    mid.nft("table inet t { chain p { type filter hook prerouting priority 0; udp dport 53 drop\n}\n}")
    resolver = programs.write(lab, "resolv.conf", "nameserver 192.0.2.53\n")
    script = f"mount --bind {resolver} /etc/resolv.conf && exec \"$@\""
    db_common.start_mariadb(lab, server, before=("unshare", "-m", "sh", "-c", script, "sh"))
    with lab.record(client, server):
        words = "--no-defaults", "-h", lab.address(server), "-u", "app", "--connect-timeout=3", "-e", "select 1"
        done = programs.run(lab, client, "mariadb", *words, timeout=30)
        assert "reading initial communication packet" in done.stderr or "Lost connection" in done.stderr, done
