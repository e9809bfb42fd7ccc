"""A cloud balancer ends an idle flow by itself and sends a RST to both ends.

Azure's load balancer with TCP reset on idle does so after 4 minutes, here after 4 s: neither end sent anything, and each gets a RST that carries the other's
address. The pool's next use says "connection reset by peer". Recorded on both ends.
"""

import errno

import db_common
import traffic
from judge import expected

SOURCE = "Azure documentation, 'Load Balancer TCP Reset and idle timeout'; confluentinc/librdkafka #3289, hashicorp/terraform-provider-azurerm #5373"
NEEDS = ("redis-server",)
RIGHT = [expected(("reset-forged", "idle-reset"), "path", at_least="likely")]
ACCEPTABLE = [[expected(("reset-forged", "idle-reset"), "path")]]


def scenario(lab):
    client, mid, server = lab.chain("app", "balancer", "cache")
    db_common.start_redis(lab, server, "--tcp-keepalive", "0")
    balancer = mid.start(db_common.reset_idle_flow, ("to-app", "to-cache"), 6379, 4)

    def pool():
        connection = traffic.connect(lab.address(server), 6379)
        assert b"PONG" in db_common.redis_ask(connection, "PING")
        yield
        yield traffic.error_of(connection.recv, 100)
        connection.close()

    with lab.record(client, server):
        balancer.go()
        app = client.start(pool)
        balancer.await_step()
        assert app.step() == errno.ECONNRESET
        app.finish()
        balancer.finish()
