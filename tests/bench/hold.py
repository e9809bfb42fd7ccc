"""Opens N connections on loopback and holds them: 2 N sockets. Says "held" when all are open, ends when stdin closes.

    hold.py N
"""

import os
import resource
import socket
import sys


def hold(address, count):
    """Both ends of `count` connections, over a listener of their own."""
    listener = socket.socket()
    listener.bind((address, 0))
    listener.listen(64)
    held = []
    for _ in range(count):
        client = socket.socket()
        client.connect(listener.getsockname())
        held.append((client, listener.accept()[0]))
    return held


def main():
    wanted = int(sys.argv[1])
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    share = min(limit // 2 - 100, 20_000)  # of one process: its files, and the ephemeral ports towards one address
    ready, tell = os.pipe()
    for number, first in enumerate(range(0, wanted, share)):
        if os.fork() == 0:
            held = hold(f"127.0.2.{number + 1}", min(share, wanted - first))
            os.write(tell, b".")
            sys.stdin.read()
            os._exit(0 if held else 1)
    os.close(tell)
    for _ in range(0, wanted, share):
        if not os.read(ready, 1):
            sys.exit("the connections could not be opened")
    print("held", flush=True)
    for _ in range(0, wanted, share):
        os.wait()


main()
