"""A client opens a new connection for every request and runs out of local ports: "Cannot assign requested address".

Each connection that the client closes stays a minute in TIME_WAIT with its port. redis-benchmark -k 0 does what PHP workers without persistent connections
do; the host's port range is small here.
"""

import db_common
import programs
from judge import expected

SOURCE = "redis/docker-library-redis #141, redis/redis #340, predis/predis #597, rspamd/rspamd #4087"
NEEDS = ("redis-server", "redis-benchmark")
RIGHT = [expected("port-exhaustion", "local-configuration", at_least="likely", mentions=["redis-benchmark"])]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("app", "cache")
    client.sysctl(ip_local_port_range="40000 40019")
    db_common.start_redis(lab, server)
    words = "-h", lab.address(server), "-k", "0", "-c", "1", "-n", "200", "-t", "ping_mbulk", "-q"
    with lab.record(client):
        done = programs.run(lab, client, "redis-benchmark", *words, timeout=20)
        assert "assign requested address" in done.stdout + done.stderr, done
