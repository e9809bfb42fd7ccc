"""A second Redis is started while the first still has the port: "bind: Address already in use".

The unit was restarted by hand, or another tenant took 6379. bind() fails with EADDRINUSE and the new server does not start; clients go on talking to the old one.
Recorded on the server.
"""

import db_common
import programs
from judge import expected

SOURCE = "nodezoo/nodezoo-workshop #34, opnsense/plugins #918 (Creating Server TCP listening socket: bind: Address already in use)"
NEEDS = ("redis-server", "redis-cli")
RIGHT = [expected("port-exhaustion", "local-configuration", at_least="likely", mentions=["redis-server", "6379"])]
ACCEPTABLE = [[expected("port-exhaustion", "local-configuration")]]


def scenario(lab):
    client, server = lab.pair("app", "cache")
    db_common.start_redis(lab, server)
    with lab.record(server):
        done = programs.run(lab, server, "redis-server", "--port", "6379", "--save", "", "--dir", lab.folder, timeout=20)
        assert done.returncode == 1 and "already in use" in done.stdout, done
        assert "PONG" in programs.run(lab, client, "redis-cli", "-h", lab.address(server), "PING").stdout
