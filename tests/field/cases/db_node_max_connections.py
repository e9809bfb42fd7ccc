"""Node's server.maxConnections is reached: it accepts the next client and closes it at once, and the client sees ECONNRESET.

The limit shows nowhere in the log. The handshake succeeds, the client sends its request, and a RST answers, because the socket is closed already or closed
with the request unread. Recorded on the client.
"""

import errno

import programs
import traffic
from judge import expected

SOURCE = "nodejs/node #8972 (notify if server.maxConnections is reached), nodejs/node #43582"
NEEDS = ("node",)
RIGHT = [expected("reset-received", "peer-application", at_most="likely", mentions=["client"])]
ACCEPTABLE = [[expected("reset-received", ("peer-host", "unknown"), at_most="likely")]]

SERVER = """
const server = require('net').createServer(socket => { socket.on('data', data => socket.write(data)); socket.on('error', () => {}); });
server.maxConnections = 1;
server.listen(3000);
"""


def scenario(lab):
    host, server = lab.pair("app", "node")
    programs.start(lab, server, "node", "-e", SERVER, listens=3000, name="node")

    def holder():
        connection = traffic.connect(lab.address(server), 3000)
        connection.sendall(b"hello")
        assert connection.recv(100) == b"hello"
        yield
        connection.close()

    def client():
        errors = []
        for _ in range(3):
            connection = traffic.connect(lab.address(server), 3000)
            connection.sendall(b"a request")
            errors.append(traffic.error_of(lambda: [connection.recv(100), connection.sendall(b"more"), connection.recv(100), connection.recv(100)]))
            connection.close()
        return errors

    with lab.record(host):
        first = host.start(holder)
        errors = host.run(client)
        assert all(error in (errno.ECONNRESET, errno.EPIPE) for error in errors), errors
        first.finish()
