"""A client waits for a greeting that never comes: the server answered its SYN with a SYN cookie, and the ACK that completes it was lost.

With a cookie the server keeps nothing, so it cannot send the SYN-ACK again. The client believes that it is connected; MySQL, SMTP and SSH clients wait
for the server to speak first. The server's process never saw a connection. Both ends are recorded.
"""

import socket

import traffic
from judge import expected

SOURCE = "'A TCP stuck connection mystery', evanjones.ca; 'TCP handshake packet loss and its impact on MySQL connections', besthub.dev"
RIGHT = [expected(("handshake-incomplete", "server-silent"), "path", at_least="likely")]
ACCEPTABLE = [
    [expected(("handshake-incomplete", "server-silent", "unexplained"), ("path", "unknown"), at_most="likely")],
]


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    server.sysctl(tcp_syncookies=2)
    mid.nft("table inet t { chain f { type filter hook forward priority 0; tcp dport 3306 tcp flags & (fin|syn|rst|psh|ack) == ack drop\n}\n}")

    def database():
        listener = traffic.listen(3306, lab.family)
        yield
        connection, _ = listener.accept()
        connection.sendall(b"greeting")
        yield
        connection.close()

    def asking():
        connection = traffic.connect(lab.address(server), 3306)
        connection.settimeout(6)
        try:
            connection.recv(100)
        except socket.timeout:
            yield "silent"
        yield "spoke"

    program = server.start(database)
    with lab.record(client, server):
        program.go()
        asker = client.begin(asking, name="mysql-client")
        assert asker.await_step() == "silent"
    asker.kill()
    program.kill()
