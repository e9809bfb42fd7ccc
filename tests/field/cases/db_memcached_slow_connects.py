"""Connects to memcached sometimes take whole seconds: SYNs are lost on the way, and the kernel sends them again.

The client opens a connection for each request. A device on the way drops the first two SYNs of every three; each connect succeeds after 2 s. The server and its
answers are fast. Recorded on the client.
"""

import programs
import traffic
from judge import expected

SOURCE = "memcached/memcached #244 (5 seconds: lost SYNs); memcached wiki, Timeouts"
NEEDS = ("memcached",)
RIGHT = [expected("handshake-slow", ("path", "peer-host"), at_most="likely", mentions=["php"])]
ACCEPTABLE = [[expected("handshake-slow", "unknown", at_most="likely")]]


def scenario(lab):
    client, mid, server = lab.chain("app", "mid", "cache")
    programs.start(lab, server, "memcached", "-u", "root", "-m", "8", "-t", "1", listens=11211)
    mid.nft("""
        table inet t {
          chain f {
            type filter hook forward priority 0;
            tcp dport 11211 tcp flags & (syn|ack) == syn numgen inc mod 3 < 2 drop
          }
        }
    """)

    def asking():
        for _ in range(3):
            connection = traffic.connect(lab.address(server), 11211)
            connection.sendall(b"get key\r\n")
            assert connection.recv(100) == b"END\r\n"
            connection.close()

    with lab.record(client):
        client.run(asking, name="php")
