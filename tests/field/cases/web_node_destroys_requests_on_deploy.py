"""A request ends with "socket hang up" while the service is deployed: Node closes all its connections after a grace time, also those that it owes an answer.

The server read the request and closed with FIN, without a byte. Both ends are recorded.
"""

import signal

import web_common
from judge import expected

SOURCE = "emostar/express-graceful-exit #14; Node's documentation of server.closeAllConnections()"
NEEDS = ("node", "curl")
RIGHT = [
    expected(("server-silent", "process-died", "reset-sent", "unexplained"), ("local-application", "peer-application"), mentions=["node"]),
]
ACCEPTABLE = [[expected(("server-silent", "unexplained"), ("local-application", "peer-application", "unknown"), at_most="likely")]]

SERVER = """
const server = require('http').createServer((request, answer) => setTimeout(() => answer.end('late'), 20000)).listen(8080, '::');
process.on('SIGTERM', () => { server.close(); setTimeout(() => server.closeAllConnections(), 300); });
"""


def scenario(lab):
    client, server = lab.pair()
    node = web_common.node(lab, server, 8080, SERVER)

    def user():
        asking = web_common.programs.start(lab, client, "curl", "-sS", web_common.url(lab, server, 8080))
        web_common.until(lambda: web_common.open_connections(server, 8080))
        return asking

    with lab.record(client, server):
        asking = user()
        node.send_signal(signal.SIGTERM)
        assert asking.wait(20) == 52
