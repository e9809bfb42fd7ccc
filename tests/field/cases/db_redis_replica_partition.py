"""The link between a Redis master and its replica is dead for a while; the replica gives the master up, and its reconnects too.

The replica hears no PING for repl-timeout, closes the link ("MASTER timeout"), and connects again and again; each attempt is given up after repl-timeout as
well ("Timeout connecting to the MASTER"), until the path is back. Recorded on the replica.
"""

import db_common
from judge import expected

SOURCE = "redis/redis #10668, redis/redis #2875, redis/redis #1449"
NEEDS = ("redis-server",)
LIMIT = 90
RIGHT = [expected("connect-timeout", ("path", "peer-host"), at_most="likely", mentions=["redis-server"])]
ACCEPTABLE = [[expected("connect-timeout", "unknown", at_most="likely")]]
# The link itself: silent, with the replica's last REPLCONF ACK unacknowledged when it was closed.
BESIDE = [
    expected(("loss-stall", "unexplained", "retransmission-timeout", "idle-reset"), ("path", "peer-host", "unknown"), at_most="likely"),
    # What the master had sent meanwhile arrives once the path is back, for a socket that the replica closed long ago.
    expected("reset-sent", "local-application", mentions=["redis-server"]),
]


def scenario(lab):
    replica, mid, master = lab.chain("replica", "mid", "master")
    db_common.start_redis(lab, master, "--repl-ping-replica-period", "1", "--repl-diskless-sync-delay", "0")
    options = "--replicaof", f"{lab.address(master)} 6379", "--repl-timeout", "3", "--port", "6379"
    db_common.start_redis(lab, replica, *options, name="replica")
    told = lambda words: words in db_common.log_of(lab, "replica")  # noqa: E731
    db_common.await_true(lambda: told("Finished with success"), 30, "the first synchronisation")
    with lab.record(replica):
        mid.nft("table inet t { chain f { type filter hook forward priority 0; drop\n}\n}")
        db_common.await_true(lambda: told("Timeout connecting to the MASTER"), 30, "a connect is given up")
        before = db_common.log_of(lab, "replica").count("replication can continue")
        mid.nft("flush ruleset")
        db_common.await_true(lambda: db_common.log_of(lab, "replica").count("replication can continue") > before, 30, "the link is back")
