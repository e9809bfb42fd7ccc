"""A server greets its client only after four seconds, too late for it: before, it asks the client's port 113, which the client's own firewall drops.

Old servers ask there who the user is (ident). The client accuses the server of being slow. Both are recorded.
"""

import errno
import socket

import traffic
from judge import expected

SOURCE = "RFC 1413; sendmail's Timeout.ident, ircd's and vsftpd's ident lookups that end in a timeout behind a firewall"
RIGHT = [expected("local-drop", "local-firewall", at_least="likely", mentions=["113", "client"])]
ACCEPTABLE = []
BESIDE = [expected("server-silent", ("peer-application", "local-application"), at_most="likely")]


def scenario(lab):
    client, server = lab.pair()
    client.nft("table inet f { chain i { type filter hook input priority 0; tcp dport 113 drop\n}\n}")

    def service():
        listener = traffic.listen(6667, lab.family)
        yield
        connection, (address, *_) = listener.accept()
        with socket.socket(traffic.KIND[lab.family]) as ident:
            ident.settimeout(4)
            traffic.error_of(ident.connect, (address, 113))
        traffic.error_of(connection.sendall, b":server NOTICE * hello\r\n")
        connection.close()

    def chat():
        connection = traffic.connect(lab.address(server), 6667)
        connection.settimeout(3)
        try:
            connection.recv(100)
        except TimeoutError:
            connection.close()
            return errno.ETIMEDOUT

    program = server.start(service, name="ircd")
    program.go()
    with lab.record(client, server):
        assert client.run(chat, name="irssi") == errno.ETIMEDOUT
        program.await_step()
