"""A listener in one network namespace, and connections to it from another, each opened, used and closed in good order.

    visit.py CLIENT_NETNS SERVER_NETNS ADDRESS PORT

Says "listening", then makes a connection for each line that it reads, and says "visited".
"""

import ctypes
import os
import socket
import sys

CLONE_NEWNET = 0x40000000


def socket_in(namespace):
    with open(f"/run/netns/{namespace}") as file:
        setns(file.fileno())
    return socket.socket()


def setns(fd):
    if ctypes.CDLL(None, use_errno=True).setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def main():
    client_netns, server_netns, address, port = sys.argv[1:]
    listener = socket_in(server_netns)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, int(port)))
    listener.listen(64)
    print("listening", flush=True)
    for _ in sys.stdin:
        visit(listener, client_netns, (address, int(port)))
        print("visited", flush=True)


def visit(listener, client_netns, target):
    if os.fork() == 0:
        client = socket_in(client_netns)
        client.settimeout(20)
        client.connect(target)
        client.sendall(b"hi")
        client.recv(1)
        client.close()
        os._exit(0)
    connection, _ = listener.accept()
    connection.recv(2)
    connection.close()
    _, status = os.wait()
    if status:
        sys.exit(f"the connection failed: {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
