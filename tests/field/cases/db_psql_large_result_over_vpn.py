"""Small queries work over the VPN, large results hang: the path takes smaller packets, and the ICMP that says so is filtered.

The tunnel's MTU is 1300. psql logs in and asks; the server's full-sized segments vanish at the tunnel's mouth, and it sends the first one again and again.
Recorded on the database's host.
"""

import db_common
import programs
from judge import expected

SOURCE = "'it was the mtu, it's always the mtu' (blog.i0.pm); Oracle Cloud documentation, 'Hanging Connection'"
NEEDS = ("psql", "postgres")
LIMIT = 90
RIGHT = [expected("path-mtu-blackhole", "path", at_most="likely", mentions=["postgres"])]
ACCEPTABLE = []


def scenario(lab):
    client, mid, server = lab.chain("app", "vpn", "db")
    db_common.start_postgres(lab, server)
    mid.ip("link set to-app mtu 1300")
    mid.nft("""
        table inet t {
          chain o {
            type filter hook output priority 0;
            icmp type destination-unreachable icmp code frag-needed drop
            icmpv6 type packet-too-big drop
          }
        }
    """)
    with lab.record(server):
        assert db_common.psql(lab, client, server, "-c", "select 1").stdout.strip() == "1"
        words = db_common.psql_words(lab, server)
        assert programs.run(lab, client, "timeout", "6", *words, "-c", "select repeat('x', 20000)").returncode == 124
