"""The path is dead for four seconds in the midst of traffic and comes back; a command takes six seconds, and nothing fails.

TCP sends the lost segment again after 0.2, 0.4, 0.8, 1.6 and 3.2 s, so the application waits longer than the outage lasted. Clients with a 3 s timeout report
an error by their cache; neither end did anything wrong. Recorded on the client.
"""

import time

import db_common
import traffic
from judge import expected

SOURCE = "redis/lettuce #1494 (periodic stalls of three seconds that are four retransmissions)"
NEEDS = ("redis-server",)
RIGHT = [expected(("loss-stall", "unexplained"), ("path", "unknown"), at_most="likely")]
ACCEPTABLE = [[expected(("loss-stall", "retransmission-timeout"), ("peer-host", "unknown"), at_most="likely")]]


def scenario(lab):
    client, mid, server = lab.chain("app", "mid", "cache")
    db_common.start_redis(lab, server)

    def asking():
        connection = traffic.connect(lab.address(server), 6379)
        for _ in range(5):
            assert b"PONG" in db_common.redis_ask(connection, "PING")
        yield
        began = time.monotonic()
        assert b"PONG" in db_common.redis_ask(connection, "PING")
        yield time.monotonic() - began
        assert b"PONG" in db_common.redis_ask(connection, "PING")
        connection.close()

    with lab.record(client):
        app = client.start(asking, name="lettuce")
        mid.nft("table inet t { chain f { type filter hook forward priority 0; drop\n}\n}")
        app.go()
        time.sleep(4)  # the outage
        mid.nft("flush ruleset")
        assert app.await_step() > 4
        app.finish()
