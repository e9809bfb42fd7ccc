"""Every set takes 40 ms: the client writes the command and its value apart, and Nagle's algorithm meets the delayed ACK.

memcached waits for the value before it answers, so its kernel delays the ACK of the command line; the client's kernel holds the value back for that ACK. With
TCP_NODELAY, or with one write, it takes a tenth of a millisecond. Recorded on the client with all segments.
"""

import programs
import traffic
from judge import expected

SOURCE = "zonyitoo/memcached-rs #7, dragonflydb/dragonfly #1910, petergoldstein/dalli #206"
NEEDS = ("memcached",)
RIGHT = [expected("nagle-delayed-ack", "local-application", at_most="likely", mentions=["dalli"])]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("app", "cache")
    programs.start(lab, server, "memcached", "-u", "root", "-m", "8", "-t", "1", listens=11211)

    def setting():
        connection = traffic.connect(lab.address(server), 11211)
        for _ in range(40):
            connection.sendall(b"set key 0 0 5\r\n")
            connection.sendall(b"hello\r\n")
            assert connection.recv(100) == b"STORED\r\n"
        connection.close()

    with lab.record(client, options=("--port", "11211", "--segments")):
        client.run(setting, name="dalli")
