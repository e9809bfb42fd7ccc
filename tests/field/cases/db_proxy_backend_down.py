"""A database client is connected, hears nothing for three seconds and sees the connection closed: the proxy that accepted it cannot reach its database.

MySQL's server speaks first, so the client has sent nothing yet. Only the client is recorded.
"""

import programs
from judge import expected

SOURCE = "MariaDB's error 2013 'Lost connection to server at reading initial communication packet'; haproxy in tcp mode"
NEEDS = ("haproxy", "mariadb")
RIGHT = [expected(("server-silent", "unexplained"), ("peer-application", "peer-host", "unknown"), at_most="likely")]
ACCEPTABLE = []


def scenario(lab):
    client, proxy = lab.pair("app", "proxy")
    config = programs.write(
        lab,
        "haproxy.cfg",
        f"""
defaults
  mode tcp
  timeout connect 3s
  timeout client 60s
  timeout server 4s
listen db
  bind {'*' if lab.family == 4 else ':::'}{':3306' if lab.family == 4 else '3306'}
  server s1 192.0.2.1:3306
""",
    )
    proxy.ip("route add 192.0.2.0/24 dev to-app")
    programs.start(lab, proxy, "haproxy", "-db", "-f", config, listens=3306)
    with lab.record(client):
        done = programs.run(lab, client, "mariadb", "--no-defaults", "-h", lab.address(proxy), "-u", "app", "-e", "select 1")
        assert done.returncode == 1 and "initial communication packet" in done.stderr, done.stderr[-300:]
